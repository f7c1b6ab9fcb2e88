"""Nationalities and other groups."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.nrp import NRP


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("I am a Muslim", ["Muslim"]),
        ("a Turkish national, Mr Smith", ["Turkish"]),
        ("my Sri Lankan neighbours are Hindus", ["Sri Lankan", "Hindus"]),
        ("i'm a catholic", ["catholic"]),
        ("nationality: Ruritanian", ["Ruritanian"]),
        ("Nacionalidad: peruana", ["peruana"]),
        ("soy mexicana", ["mexicana"]),
        ("আমি মুসলিম", ["মুসলিম"]),
    ],
)
def test_finds_what_is_somebodys(longest, text, values):
    assert longest(NRP, text) == sorted(values)


@pytest.mark.parametrize("text", ["The French Revolution", "Translate to Spanish", "Chinese food"])
def test_public_facts_score_less(taken, text):
    assert taken(NRP, text) == []
    assert len(taken(NRP, text, 0.3)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "polish the floor",
        "the pole",
        "I swiss",
        "class German(Base)",
        "GERMAN_TEXT",
        "nationality: string",
        "religion is not required",
    ],
)
def test_leaves(taken, text):
    assert taken(NRP, text, 0.3) == []
