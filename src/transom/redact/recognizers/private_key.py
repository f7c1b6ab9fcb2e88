"""Private keys in PEM (RFC 7468), OpenPGP armour (RFC 9580) and SSH2's form (RFC 4716)."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_BEGIN = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,60}(?:-{4,5})?")
_BODY = re.compile(r"(?:\\[nr]|[A-Za-z0-9+/=\s:,-])*")
_MAX_CHARS = 16_384


def find(text: str) -> Iterator[Finding]:
    """Blocks to their end line, or as far as they look like one where they were cut off."""
    if "PRIVATE KEY" not in text:
        return
    ends = [match.end() for match in _END.finditer(text)]
    at = 0
    while begin := _BEGIN.search(text, at):
        at = _end_of_block(text, begin.end(), ends)
        yield Finding(begin.start(), at, "SECRET", 1.0)


def _end_of_block(text: str, start: int, ends: list[int]) -> int:
    index = bisect(ends, start)
    if index < len(ends) and ends[index] - start <= _MAX_CHARS:
        return ends[index]
    body = _BODY.match(text, start, start + _MAX_CHARS)
    return body.end() if body else start


PRIVATE_KEY = Recognizer("private_key", ("SECRET",), find)
