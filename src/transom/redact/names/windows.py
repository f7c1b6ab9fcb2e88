"""Cuts a text into sentences, and packs sentences into windows that the model reads one at a time.

The cost of a token is least in windows of about 80 tokens, and grows with the square of the length beyond.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

WINDOW_CHARS = 320
OVERLAP_CHARS = 40
"""What two parts of a long sentence share, so that a name at the seam is whole in one of them."""

SENTENCE_CHARS = 24
"""A shorter sentence is read with the next: `Name:` or `Dr.` says what follows it."""

_GAP_CHARS = 4
_SEARCH_CHARS = 40
"""How far back a break between words is looked for."""

_BLOB = re.compile(r"[A-Za-z0-9+/_=-]{64,}")
"""Base64, hashes and identifiers: no names, and a tokenizer makes many tokens of them."""
_BREAK = re.compile(r"\n+|(?<=[.!?;])\s+")


class Range(NamedTuple):
    """Characters `start..end` of a text."""

    start: int
    end: int


def sentences(text: str) -> Iterator[Range]:
    """The sentences and lines of a text in order, none longer than a window."""
    position = 0
    for blob in _BLOB.finditer(text):
        yield from _split(text, position, blob.start())
        position = blob.end()
    yield from _split(text, position, len(text))


def _split(text: str, start: int, end: int) -> Iterator[Range]:
    for gap in _BREAK.finditer(text, start, end):
        if gap.start() - start >= SENTENCE_CHARS:
            yield from _cut(text, start, gap.start())
            start = gap.end()
    if start < end:
        yield from _cut(text, start, end)


def _cut(text: str, start: int, end: int) -> Iterator[Range]:
    """A sentence in parts that fit, cut between words where there are any."""
    while end - start > WINDOW_CHARS:
        stop = _last_break(text, start + WINDOW_CHARS)
        yield Range(start, stop)
        start = _last_break(text, stop - OVERLAP_CHARS)
    yield Range(start, end)


def _last_break(text: str, end: int) -> int:
    """Where the last word before `end` ends, if one does nearby; else `end`."""
    for position in range(end, end - _SEARCH_CHARS, -1):
        if not text[position].isalnum():
            return position
    return end


def pack(ranges: Iterable[Range]) -> list[Range]:
    """Ranges next to each other joined to windows."""
    windows: list[Range] = []
    for start, end in ranges:
        last = windows[-1] if windows else Range(0, -WINDOW_CHARS)
        if start - last.end <= _GAP_CHARS and end - last.start <= WINDOW_CHARS:
            windows[-1] = Range(last.start, end)
        else:
            windows.append(Range(start, end))
    return windows
