"""What an error of the upstream client shows."""

from __future__ import annotations

from transom.gateway.upstream.types import UpstreamError


def test_an_error_shows_its_word_alone():
    error = UpstreamError("upstream_timeout")
    assert error.code == str(error) == "upstream_timeout"
