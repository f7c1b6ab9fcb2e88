"""Cutting texts for the language model."""

from __future__ import annotations

from itertools import pairwise

import pytest

from transom.redact.zones import MAX_CHARS, OVERLAP_CHARS, cut, pieces


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Hello John", ["Hello John"]),
        ("hello there", []),
        ("Run\n```python\nJohn = Mary()\n```\nAsk Mary", ["Run\n", "\nAsk Mary"]),
        ("Run ```\nJohn", ["Run "]),
        ('{"First Name": "John"}', [' "John"}']),
        ("Key " + "Ab1/" * 20 + " of John", ["Key ", " of John"]),
    ],
)
def test_only_prose_is_read(text, prose):
    assert [piece.text for piece in pieces(text) if piece.prose] == prose


@pytest.mark.parametrize("text", ["Ab cd, " * 3000, "日本" * 5000, "A\n" * 9000, "x" * 20_000])
def test_pieces_are_bounded_and_leave_nothing_out(text):
    position = 0
    for piece in pieces(text):
        assert piece.text == text[piece.start : piece.start + len(piece.text)]
        assert len(piece.text) <= MAX_CHARS
        assert piece.start <= position
        position = piece.start + len(piece.text)
    assert position == len(text)


def test_pieces_share_their_seams_and_break_between_words():
    parts = list(pieces("Jane Doe, " * 1000))
    for one, other in pairwise(parts):
        assert one.start + len(one.text) - other.start >= OVERLAP_CHARS
        assert other.text[0].isspace()


def test_parts_of_bounded_length_leave_nothing_out():
    text = "word " * 3000 + "x" * 9000
    parts = list(cut(text))
    assert all(part.text == text[part.start : part.start + len(part.text)] for part in parts)
    assert all(len(part.text) <= MAX_CHARS for part in parts)
    assert all(one.start + len(one.text) >= other.start for one, other in pairwise(parts))
    assert parts[-1].start + len(parts[-1].text) == len(text)
