"""The table of words before names."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.name import NAME
from transom.redact.recognizers.name_cue import CUES


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Full name: Amina Rahman", ["Amina Rahman"]),
        ('{"firstName": "Amina", "last_name": "Rahman"}', ["Amina", "Rahman"]),
        ("Name: Amina Rahman\n", ["Amina Rahman"]),
        ("Patient name is Amina", ["Amina"]),
        ("me llamo Amina", ["Amina"]),
        ("ich heiße Amina Rahman", ["Amina Rahman"]),
        ("Mein Name ist Amina", ["Amina"]),
        ("меня зовут Амина", ["Амина"]),
        ("je m'appelle amina", ["amina"]),
        ("a woman named Amina", ["Amina"]),
        ("I'm Amina from accounting", ["Amina"]),
        ("this is Amina speaking", ["Amina"]),
        ("my wife Amina and I", ["Amina"]),
        ("Hi Amina,", ["Amina"]),
        ("Saludos,\nAmina Rahman", ["Amina Rahman"]),
        ("From: Amina Rahman\nTo: Team", ["Amina Rahman"]),
    ],
)
def test_finds_what_comes_after(longest, text, values):
    assert longest(NAME, text) == sorted(values)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "react"}',
        "name: Build",
        "a file named Foo",
        "I am American.",
        "I'm Sorry, really",
        "Hello World!",
        "my brother works",
        "My name appears incorrectly",
        "From: monday",
        "This is Python.",
        "the name is required",
        "Best regards to all",
    ],
)
def test_leaves(taken, text):
    assert taken(NAME, text) == []


def test_every_cue_scores_enough_for_logs():
    assert all(0.5 <= cue.score < 1 for cue in CUES)
