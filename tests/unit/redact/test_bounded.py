"""A reviewer's pattern is sure to be fast, or refused with what to do."""

from __future__ import annotations

import re
import time

import pytest

from transom.redact.bounded import LONGEST_PATTERN, PatternRefused, check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"EMP-\d{6}",
        r"(?i)case (?:no|number)\.? [A-Z]{1,3}-\d{2,6}",
        r"(?<!\w)[A-Z]{2,4}\d{4,10}(?!\w)",
        r"\b\w{1,30}\.\w{1,30}\b",
        r"(?:ab|cd|ef){2,3}x",
        r"প্রকল্প [০-৯]{4}",
        r"[^,]{3,40};",
    ],
)
def test_patterns_that_are_bounded_are_taken(pattern: str):
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "not valid"),
        (r"a{2,1}", "not valid"),
        ("x" * (LONGEST_PATTERN + 1), "longer than"),
        ("a?", "empty text"),
        (r"\b", "empty text"),
        (r"\d+", "no bound"),
        (r"a{3,}", "no bound"),
        (r"(a+)+b", "no bound"),
        (r"x{1,1000}", "above 200"),
        (r"(a{1,9}){1,9}b", "too many ways"),
        (r"\w{1,40}\w{1,40}", "too many ways"),
        (r"(?:a|aa|aaa){12}b", "too many ways"),
        (r"(\d)\1", "refers back"),
        (r"(?P<x>a)?b(?(x)c|d)", "refers back"),
    ],
)
def test_others_are_refused_with_what_to_do(pattern: str, says: str):
    with pytest.raises(PatternRefused, match=says):
        check_pattern(pattern)


def test_a_pattern_that_is_slow_in_fact_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("transom.redact.bounded.SLOWEST_S_PER_KB", 0.0)
    with pytest.raises(PatternRefused, match="too slow"):
        check_pattern(r"\w{1,30}x")


@pytest.mark.parametrize("pattern", [r"[a-z]{1,200}\d", r"\w{1,30} \w{1,30}x", r"(?:a|aa){6}b", r".{0,200}x"])
def test_what_is_taken_is_quick_on_hostile_texts(pattern: str):
    check_pattern(pattern)
    for text in ("a" * 65_536, "a " * 32_768, "aab" * 20_000):
        began = time.process_time()
        list(re.finditer(pattern, text))
        assert time.process_time() - began < 4
