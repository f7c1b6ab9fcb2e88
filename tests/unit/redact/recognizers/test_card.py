"""Payment cards: prefix, length, check digit."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.card import CARD


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4111111111111111", ["4111111111111111"]),
        ("card 4111 1111 1111 1111, please", ["4111 1111 1111 1111"]),
        ("5500-0000-0000-0004", ["5500-0000-0000-0004"]),
        ("4111 1111 1111 1111 123", ["4111 1111 1111 1111"]),
        ("3782 822463 10005", ["3782 822463 10005"]),
        ("4111 1111 1111 1111 5500 0000 0000 0004", ["4111 1111 1111 1111", "5500 0000 0000 0004"]),
        ("৪১১১১১১১১১১১১১১১", ["৪১১১১১১১১১১১১১১১"]),
        ('{"card":4111111111111111}', ["4111111111111111"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(CARD, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "1731412345123",
        "0.4111111111111111",
        "x4111111111111111",
        "41111111111111111111111",
        "41111111-1111-1111-8111-111111111111",
        "1234567890123456",
    ],
)
def test_leaves(taken, text):
    assert taken(CARD, text) == []
