"""Looks for canaries in bytes of any kind, in every spelling that they could hide in, at 130 to 260 MB/s a core."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import numpy as np
import numpy.typing as npt

from transom.prove.canary import Canary

PIECE_BYTES = 4 * 2**20
_HEAD_BYTES = 8
"""No spelling is shorter. Where each pair of these bytes is that of some spelling, the whole is compared."""

_FEWEST_DIGITS = 8
"""A value with so many digits is looked for without its separators, too."""


class _Needle(NamedTuple):
    spelled: bytes
    kind: str
    any_case: bool


class Search:
    """Knows how the values of some canaries are spelled."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        needles = {needle for canary in canaries for needle in _needles(canary)}
        self._by_head: dict[bytes, list[_Needle]] = defaultdict(list)
        self._pairs = [np.zeros(2**16, bool) for _ in range(_HEAD_BYTES // 2)]
        for needle in needles:
            head = needle.spelled[:_HEAD_BYTES].lower()
            self._by_head[head].append(needle)
            for known, pair in zip(self._pairs, np.frombuffer(head, "<u2"), strict=True):
                known[pair] = True
        self.longest = max((len(needle.spelled) for needle in needles), default=0)

    def kinds_in(self, content: bytes) -> set[str]:
        """The kinds of which a value stands there."""
        if len(content) < _HEAD_BYTES:
            return set()
        low = content.lower()
        return {
            needle.kind
            for start in (0, 1)
            for place in self._candidates(low, start)
            for needle in self._by_head.get(low[place : place + _HEAD_BYTES], ())
            if _stands_at(needle, place, low if needle.any_case else content)
        }

    def _candidates(self, low: bytes, start: int) -> list[int]:
        """Where a spelling may begin, among the even or the odd places."""
        pairs: npt.NDArray[np.uint16] = np.frombuffer(low, "<u2", (len(low) - start) // 2, start)
        found = np.flatnonzero(self._pairs[0][pairs[: 1 - len(self._pairs)]])
        for later, known in enumerate(self._pairs[1:], 1):
            found = found[known[pairs[found + later]]]
        return [int(place) for place in found * 2 + start]


def _stands_at(needle: _Needle, place: int, content: bytes) -> bool:
    """Digits must not be a part of a longer number."""
    end = place + len(needle.spelled)
    if not content.startswith(needle.spelled, place):
        return False
    around = content[max(0, place - 1) : place] + content[end : end + 1]
    return not (needle.spelled.isdigit() and any(char in b"0123456789" for char in around))


def _needles(canary: Canary) -> Iterator[_Needle]:
    for spelled in _spellings(canary.value.lower()):
        yield _Needle(spelled, canary.kind, any_case=True)
    for value in (canary.value, canary.value.lower()):
        for spelled in _in_base64(value.encode()):
            yield _Needle(spelled, canary.kind, any_case=False)
            yield _Needle(spelled.translate(bytes.maketrans(b"+/", b"-_")), canary.kind, any_case=False)


def _spellings(value: str) -> Iterator[bytes]:
    """Plain, UTF-16, in JSON, in a URL, without separators. All in lower case, as what they are looked for in."""
    escaped = json.dumps(value)[1:-1]
    texts = {value, escaped, escaped.replace("/", "\\/"), quote(value, safe=""), quote_plus(value)}
    if sum(char.isdigit() for char in value) >= _FEWEST_DIGITS:
        texts.add(re.sub(r"[\s.-]", "", value))
    for text in texts:
        yield text.lower().encode()
        yield text.lower().encode("utf-16-le")


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What is sure to stand in base64 of a text that holds the value: it may begin at any byte of three."""
    for before in range(3):
        skipped = -before % 3
        inner = value[skipped:]
        yield b64encode(inner[: len(inner) // 3 * 3])


class Stream:
    """Searches what comes in pieces of any size, also across their seams."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._waiting = bytearray()
        self._tail = b""
        self.bytes = 0
        self.kinds: set[str] = set()

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        self.bytes += len(piece)
        self._waiting += piece
        if len(self._waiting) >= PIECE_BYTES:
            self.finish()

    def finish(self) -> None:
        """Look at what has come."""
        content = self._tail + bytes(self._waiting)
        self._waiting.clear()
        self.kinds |= self._search.kinds_in(content)
        # One byte more than a spelling less one: what comes before a number is looked at as well.
        self._tail = content[-self._search.longest :]
