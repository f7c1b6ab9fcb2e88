"""Content in base64, which no other recognizer can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_DATA_URI = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w.=+-]{1,100}){0,4}(?:;base64)?,[^\s\"'<>)\ufffc]*", re.IGNORECASE)
_BLOCK = re.compile(r"[A-Za-z0-9+/_-]{256}")
_HEAD = re.compile(r"[A-Za-z0-9+/_-]{0,256}\Z")
_REST = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_BLOCK_CHARS = 256
_LEAST = 512
"""Hashes, signatures and keys are shorter."""
_UPPER, _LOWER, _DIGIT = re.compile("[A-Z]"), re.compile("[a-z]"), re.compile("[0-9]")
_LONG = 64


def find(text: str) -> Iterator[Finding]:
    """`data:` URIs of some length, and runs of 512 characters or more that mix cases and digits."""
    for match in _DATA_URI.finditer(text) if "data:" in text else ():
        if match.end() - match.start() >= _LONG:
            yield Finding(match.start(), match.end(), "BLOB", 0.9)
    for start, end in _runs(text):
        head = text[start : start + _LEAST]
        if _UPPER.search(head) and _LOWER.search(head) and _DIGIT.search(head):
            yield Finding(start, end, "BLOB", 0.9)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Runs of base64: one of `_LEAST` characters holds a whole block that begins at a multiple of half of them."""
    end = 0
    for at in range(0, len(text) - _BLOCK_CHARS + 1, _BLOCK_CHARS):
        if at >= end and _BLOCK.match(text, at):
            head, rest = _HEAD.search(text[max(end, at - _BLOCK_CHARS) : at]), _REST.match(text, at)
            start, end = at - len(head.group()) if head else at, rest.end() if rest else at
            if end - start >= _LEAST:
                yield start, end


BLOB = Recognizer("blob", ("BLOB",), find)
