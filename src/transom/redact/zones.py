"""Cuts a text into pieces that a language model can read, and those that it shouldn't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_CHARS = 4000
OVERLAP_CHARS = 200
"""What two pieces share, so that a name at the seam is whole in one of them."""

_MACHINE_READ = re.compile(
    r"```[\s\S]*?(?:```|\Z)"  # fenced code
    r'|"[^"\n\\]{1,80}"\s{0,4}:'  # keys of JSON
    r"|\S{64,}"  # base64, hashes, and anything else on which a tokenizer takes its time
)
_NAME_LIKE = re.compile(r"[^\W\d_a-z]")
"""A capital letter, or any letter without case or beyond ASCII: the model takes hardly anything else for a name."""


class Piece(NamedTuple):
    """A part of a text. `prose` is whether the language model should read it."""

    start: int
    text: str
    prose: bool


def pieces(text: str) -> Iterator[Piece]:
    """The text in parts of bounded length."""
    position = 0
    for match in _MACHINE_READ.finditer(text):
        yield from _cut(text, position, match.start(), prose=True)
        yield from _cut(text, match.start(), match.end(), prose=False)
        position = match.end()
    yield from _cut(text, position, len(text), prose=True)


def cut(text: str) -> Iterator[Piece]:
    """The text in parts of bounded length, whatever is in it."""
    return _cut(text, 0, len(text), prose=False)


def _cut(text: str, start: int, end: int, *, prose: bool) -> Iterator[Piece]:
    while end - start > MAX_CHARS:
        stop = _last_break(text, start, start + MAX_CHARS)
        yield _piece(text[start:stop], start, prose)
        start = _last_break(text, start, stop - OVERLAP_CHARS)
    if start < end:
        yield _piece(text[start:end], start, prose)


def _last_break(text: str, start: int, end: int) -> int:
    """Where the last word that ends before `end` ends, if one does in the second half; else `end`."""
    for position in range(end - 1, (start + end) // 2, -1):
        if text[position].isspace():
            return position
    return end


def _piece(text: str, start: int, prose: bool) -> Piece:
    return Piece(start, text, prose and _NAME_LIKE.search(text) is not None)
