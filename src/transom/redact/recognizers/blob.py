"""Content in base64, which no other recognizer can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_DATA_URI = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w.=+-]{1,100}){0,4}(?:;base64)?,[^\s\"'<>)\ufffc]*", re.IGNORECASE)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{512,}={0,2}")
_UPPER, _LOWER, _DIGIT = re.compile("[A-Z]"), re.compile("[a-z]"), re.compile("[0-9]")
_LONG = 64


def find(text: str) -> Iterator[Finding]:
    """`data:` URIs of some length, and runs of 512 characters or more that mix cases and digits."""
    for match in _DATA_URI.finditer(text) if "data:" in text else ():
        if match.end() - match.start() >= _LONG:
            yield Finding(match.start(), match.end(), "BLOB", 0.9)
    for match in _BASE64.finditer(text) if len(text) >= 512 else ():
        head = match.group()[:512]
        if _UPPER.search(head) and _LOWER.search(head) and _DIGIT.search(head):
            yield Finding(match.start(), match.end(), "BLOB", 0.9)


BLOB = Recognizer("blob", ("BLOB",), find)
