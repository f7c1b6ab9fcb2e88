"""Names of a list in a text."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.gazetteer import Gazetteer, Personal

NAMES = Gazetteer({"york", "new york", "new york city", "st. john's", "u.k"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in New York City today", ["New York City"]),
        ("New York, new", ["New York"]),
        ("York", ["York"]),
        ("St. John’s", ["St. John’s"]),
        ("the U.K. and", ["U.K"]),
        ("York_x, x_York, York(1), york=1, /York, york.py, York's", ["York"]),
        ("Yorkshire newyork", []),
    ],
)
def test_the_longest_name_that_is_no_identifier(text, found):
    assert [text[start:end] for start, end in NAMES.find(text)] == found


def test_words_about_persons_are_near_within_a_line_or_so():
    text = "my York" + " x" * 40 + " York"
    personal = Personal(text)
    assert personal.near(3, 7)
    assert not personal.near(len(text) - 4, len(text))
