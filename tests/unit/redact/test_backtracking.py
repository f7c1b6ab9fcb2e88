"""Patterns that are refused, and those that are not."""

from __future__ import annotations

import pytest

from transom.redact.backtracking import complaint


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(?:x+x+)+y", r"(\d+)*-\d", r"(?:[a-z]+\.?)+@", r"(\w+\s?)*!", r"(a|a)*b"]
)
def test_a_pattern_that_repeats_what_repeats_is_slow(pattern):
    assert "takes more than" in complaint(pattern)


@pytest.mark.parametrize("pattern", [r"\bE-[0-9]{3,9}\b", r"[\w.]{1,64}@[\w.]{1,255}", "needle", r"(?:^|\W)(?:a|b)\W"])
def test_a_linear_pattern_passes(pattern):
    assert complaint(pattern) is None


def test_what_is_no_pattern_is_told():
    assert complaint("(") == "is no regular expression: missing )"


def test_a_pattern_that_matches_nothing_at_all_is_told():
    assert complaint("x*") == "matches where nothing is"
