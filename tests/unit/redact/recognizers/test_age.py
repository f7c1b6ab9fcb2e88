"""Ages."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.age import AGE


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("She is 34 years old", ["34"]),
        ("a 34-year-old man", ["34"]),
        ("aged 7 and age: 65", ["7", "65"]),
        ("I'm 34.", ["34"]),
        ("I am 34 and live here", ["34"]),
        ('"age": 41', ["41"]),
        ("patient 45/F", ["45"]),
        ("just turned 21", ["21"]),
        ("er ist 34 Jahre alt", ["34"]),
        ("tengo 34 años", ["34"]),
        ("J'ai 34 ans.", ["34"]),
        ("j'ai 34 ans et", ["34"]),
        ("ich bin 34.", ["34"]),
        ("tem 34 anos", ["34"]),
        ("im 34, lol", ["34"]),
        ("a 34 y.o. woman", ["34"]),
        ("il a 34 ans", ["34"]),
        ("mit 34 Jahren", ["34"]),
        ("een 34-jarige man", ["34"]),
        ("w wieku 34 lat", ["34"]),
        ("বয়স ৩৪ বছর", ["৩৪"]),
        ("उम्र 34 साल", ["34"]),
    ],
)
def test_finds(longest, text, values):
    assert longest(AGE, text) == sorted(values)


@pytest.mark.parametrize(
    "text",
    [
        "page 34",
        "I am 34% sure",
        "I'm 5 minutes away",
        "age 300",
        "over 20 years",
        "turn 34 times",
        "max_age=3600",
        "ages ago",
        "il y a 34 ans",
    ],
)
def test_leaves(taken, text):
    assert taken(AGE, text) == []
