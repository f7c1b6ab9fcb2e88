"""Pieces of prose for models."""

from __future__ import annotations

from transom.redact.finding import Finding
from transom.redact.prose import find_in_prose


def first_word(pieces: list[str]) -> list[list[Finding]]:
    return [[Finding(0, len(piece.split()[0]), "PERSON", 1.0)] for piece in pieces]


def test_findings_are_at_their_place_in_the_text_they_came_from():
    texts = ["Mary said", "nothing", "Go\n```\nJohn\n```John"]
    found = find_in_prose(texts, first_word, "model")
    assert [[text[f.start : f.end] for f, _ in each] for text, each in zip(texts, found, strict=True)] == [
        ["Mary"],
        [],
        ["Go", "John"],
    ]


def test_digits_of_all_scripts_are_read_as_ascii():
    seen: list[str] = []
    find_in_prose(["Flat ১২"], lambda pieces: [seen.extend(pieces) or []], "model")
    assert seen == ["Flat 12"]
