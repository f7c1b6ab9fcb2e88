"""Aadhaar numbers, in the digits of any script: India's twelve digits with a check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import in_uuid

_NUMBER = re.compile(r"[2-9][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}(?!\w|[ .-][0-9])")
_PART_OF_MORE = re.compile(r"[\w.+$#]\Z|[0-9][ -]\Z")
_CUE = re.compile(r"aadh?aa?r|uidai|\buid\b|আধার|आधार", re.IGNORECASE)
_CUE_CHARS = 40

_MULTIPLIED = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
"""The tables of J. Verhoeff, Error Detecting Decimal Codes, 1969: the dihedral group of order ten."""


def find(text: str) -> Iterator[Finding]:
    """Sure after a label, likely in groups of four; twelve bare digits are one in ten times right by chance."""
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        digits = match.group().replace(" ", "").replace("-", "")
        if _PART_OF_MORE.search(text[max(0, start - 2) : start]) or not is_aadhaar(digits) or in_uuid(text, start, end):
            continue
        cued = _CUE.search(text, max(0, start - _CUE_CHARS), start) is not None
        yield Finding(start, end, "IN_AADHAAR", 0.95 if cued else 0.6 if match[1] else 0.3)


def is_aadhaar(digits: str) -> bool:
    """Whether the check digit is right."""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = int(_MULTIPLIED[check][int(_PERMUTED[position % 8][int(digit)])])
    return check == 0


AADHAAR = Recognizer("aadhaar", ("IN_AADHAAR",), find)
