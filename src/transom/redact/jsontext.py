"""Finds JSON in texts, rewrites the strings inside it and leaves every other byte of it as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")(?P<colon>\s*:)?|(?P<number>-?\d[\d.eE+-]*)|(?P<open>[\[{])|(?P<close>[\]}])'
)
_START = re.compile(r'\{\s{0,80}"|\[(?<![\w)\]]\[)\s{0,80}[\[{"]')
"""How objects and arrays begin in which there may be strings; `settings["a"]` is an item of something, not an array."""

_decoder = json.JSONDecoder(parse_int=str, parse_float=str)
_ATTEMPT = 32
_DEEP = 1000
"""What an attempt at JSON costs at least, and at too deep a nesting, in characters read."""


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


def json_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Where JSON objects and arrays stand among other text, in order: log lines, fenced blocks, calls.

    Linear: it gives up when attempts at what turns out to be no JSON have read the text twice.
    """
    position, budget = 0, 2 * len(text) + _DEEP
    while budget > 0 and (match := _START.search(text, position)):
        start = match.start()
        try:
            position = _decoder.raw_decode(text, start)[1]
        except json.JSONDecodeError as error:
            position, budget = start + 1, budget - _ATTEMPT - (error.pos - start)
        except RecursionError:
            position, budget = start + 1, budget - _DEEP
        else:
            yield start, position


def rewrite(
    text: str,
    leaf: Callable[[str, str | None], Redacted],
    number: Callable[[str, str | None], Redacted],
    key: Callable[[str], str],
) -> Redacted:
    """Pass each value through `leaf` or `number`, with its key, and each key through `key`.

    A number that `number` changes becomes a string. `text` must be valid JSON.
    """
    output, position = Output(), 0
    for start, end, kind, name in _tokens(text):
        value = text[start:end] if kind == "number" else _decode(text[start:end])
        match kind:
            case "colon":
                redacted = Redacted(key(value), [])
            case "string":
                redacted = leaf(value, name)
            case _:
                redacted = number(value, name)
        if redacted.text != value:
            output.copy(text[position:start])
            output.string(redacted)
            position = end
    output.copy(text[position:])
    return output.redacted()


def _tokens(text: str) -> Iterator[tuple[int, int, str, str | None]]:
    """Start, end and kind ("colon": a key) of each string and number, and the key that it stands under."""
    current: str | None = None
    above: list[str | None] = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            above.append(current)
        elif kind == "close":
            current = above.pop()
        else:
            start, end = token.span("number" if kind == "number" else "string")
            if kind == "colon":
                current = _decode(text[start:end])
            yield start, end, str(kind), current


class Output:
    """A redacted text that is put together of pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._marks: list[Mark] = []
        self._length = 0

    def redacted(self) -> Redacted:
        """All so far."""
        return Redacted("".join(self._pieces), self._marks)

    def copy(self, piece: str) -> None:
        """Add text in which nothing was replaced."""
        self._pieces.append(piece)
        self._length += len(piece)

    def add(self, redacted: Redacted) -> None:
        """Add a redacted text with its marks."""
        offset = self._length
        self._marks += [mark._replace(start=mark.start + offset, end=mark.end + offset) for mark in redacted.marks]
        self.copy(redacted.text)

    def string(self, redacted: Redacted) -> None:
        """Add a redacted text as a JSON string."""
        self._marks += _moved(redacted, self._length + 1)
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
    return str(json.loads(token, strict=False)) if "\\" in token else token[1:-1]


def _encode(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
