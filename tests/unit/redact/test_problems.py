"""Failures say why and nothing else."""

from __future__ import annotations

from transom.redact.problems import RedactionFailed


def test_a_failure_carries_its_reason():
    failure = RedactionFailed("redaction_timeout")
    assert (failure.reason, str(failure)) == ("redaction_timeout", "redaction_timeout")
