"""Names after titles and introductions."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.name import NAME


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Dr. Amina Rahman called", ["Amina Rahman"]),
        ("Mr Smith's car", ["Smith"]),
        ("MR JOHN SMITH", ["JOHN SMITH"]),
        ("mr karim said", ["karim"]),
        ("My name is Sakib Al Hasan.", ["Sakib Al Hasan"]),
        ("my name is rahim uddin and", ["rahim uddin"]),
        ("Kind regards,\nJane Doe", ["Jane Doe"]),
        ("Prof. J. R. Hartley", ["J. R. Hartley"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(NAME, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "Dear Sir or Madam",
        "Dear Team,",
        "MS Word",
        "this is the end",
        "call me later",
        "my name is not important",
        "Dr",
        "Mr.",
    ],
)
def test_leaves(taken, text):
    assert taken(NAME, text) == []


@pytest.mark.parametrize("text", ["name: Build Wheels\n", 'name: "Upload Artifacts"', "From: Release Drafter"])
def test_names_of_things_are_left_alone(taken, text):
    assert taken(NAME, text) == []
