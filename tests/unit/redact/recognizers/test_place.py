"""Places from the list."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.place import PLACE


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("I live in Dhaka", ["Dhaka"]),
        ("She moved to New York City from São Paulo", ["New York City", "São Paulo"]),
        ("my flight to Côte d’Ivoire", ["Côte d’Ivoire"]),
        ("i am from dhaka", ["dhaka"]),
        ("12 High St\nToronto", ["Toronto"]),
        ("Dhaka-1207", ["Dhaka-1207"]),
        ("Mumbai 400050", ["Mumbai 400050"]),
        ("আমি ঢাকা থাকি", ["ঢাকা"]),
        ("lives in Little Wexham, and", ["Little Wexham"]),
        ("wohnt in Kleinbach", ["Kleinbach"]),
        ("in the district of Oberfeld", ["Oberfeld"]),
    ],
)
def test_finds_what_is_somebodys(longest, text, values):
    assert longest(PLACE, text) == sorted(values)


@pytest.mark.parametrize("text", ["The capital of France is Paris.", "Germany won the cup", "Berlin 2024"])
def test_public_facts_score_less(taken, text):
    assert taken(PLACE, text) == []
    assert taken(PLACE, text, 0.3) != []


@pytest.mark.parametrize(
    "text",
    [
        "Reading is nice",
        "a mobile phone",
        "Asia/Dhaka",
        "class Paris(Base)",
        "london_office",
        "I cook turkey",
        "$LONDON",
        "paris is",
        "x.Berlin",
        "born in May",
        "living in peace",
        "based on Redis",
        "live in The",
    ],
)
def test_leaves(taken, text):
    assert taken(PLACE, text, 0.3) == []
