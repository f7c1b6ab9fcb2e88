"""Rewrites the strings inside a JSON text and leaves every other byte of it as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")(?P<colon>\s*:)?|(?P<number>-?\d[\d.eE+-]*)')


class Mark(NamedTuple):
    """A placeholder at `start..end` of a redacted text."""

    start: int
    end: int
    entity: str
    recognizer: str


class Redacted(NamedTuple):
    """A redacted text and where its placeholders are."""

    text: str
    marks: list[Mark]


def is_json(text: str) -> bool:
    """Whether it is a JSON object or array."""
    stripped = text.strip()
    if len(stripped) < 2 or stripped[0] + stripped[-1] not in ("{}", "[]"):
        return False
    try:
        msgspec.json.decode(stripped)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def rewrite(
    text: str,
    leaf: Callable[[str, str | None], Redacted],
    number: Callable[[str, str | None], Redacted],
    key: Callable[[str], str],
) -> Redacted:
    """Pass each value through `leaf` or `number`, with its key, and each key through `key`.

    A number that `number` changes becomes a string. `text` must be valid JSON.
    """
    output = _Output()
    position, current = 0, None
    for token in _TOKEN.finditer(text):
        output.copy(text[position : token.start()])
        position = token.end()
        if token["colon"]:
            current = _decode(token["string"])
            changed = key(current)
            output.copy(token["string"] if changed == current else _encode(changed))
            output.copy(token["colon"])
        elif token["string"]:
            value = _decode(token["string"])
            output.replace(token["string"], value, leaf(value, current))
        else:
            output.replace(token["number"], token["number"], number(token["number"], current))
    output.copy(text[position:])
    return Redacted("".join(output.pieces), output.marks)


class _Output:
    """The rewritten text so far."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.marks: list[Mark] = []
        self._length = 0

    def copy(self, piece: str) -> None:
        self.pieces.append(piece)
        self._length += len(piece)

    def replace(self, token: str, value: str, redacted: Redacted) -> None:
        """Put a JSON string for `redacted`, or the token itself where nothing changed."""
        if redacted.text == value:
            self.copy(token)
            return
        self.marks += _moved(redacted, self._length + 1)
        self.copy(_encode(redacted.text))


def _moved(redacted: Redacted, offset: int) -> Iterator[Mark]:
    """The marks, which are in order, at their places in the string's JSON form: some characters are longer there."""
    position = 0
    for mark in redacted.marks:
        start = offset + len(_encode(redacted.text[position : mark.start])) - 2
        end = start + len(_encode(redacted.text[mark.start : mark.end])) - 2
        yield mark._replace(start=start, end=end)
        position, offset = mark.end, end


def _decode(token: str) -> str:
    return str(json.loads(token, strict=False))


def _encode(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
