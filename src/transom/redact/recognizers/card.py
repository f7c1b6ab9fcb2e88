"""Payment card numbers: a known issuer's prefix and length, and the Luhn digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import in_uuid

_RUN = re.compile(r"[0-9](?:[ .-]?[0-9]){11,}")
_CANDIDATE = re.compile(
    r"(?<![\w.])(?<![0-9]-)(?=("
    r"[0-9]{12,19}"
    r"|[0-9]{4}([ .-])[0-9]{4}\2[0-9]{4}(?:\2[0-9]{1,4}(?:\2[0-9]{1,3})?)?"
    r"|[0-9]{4}([ .-])[0-9]{6}\3[0-9]{4,5}"
    r")(?!\w|-[0-9]))"
)
_SEPARATOR = re.compile("[ .-]")
_LAST_GROUP = re.compile(r"[ .-][0-9]+\Z")
"""May be what follows a card, like its security code."""
_ISSUERS = (
    (re.compile(r"4"), {13, 16, 19}),  # Visa
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), {16}),  # Mastercard
    (re.compile(r"3[47]"), {15}),  # American Express
    (re.compile(r"6(?:011|4[4-9]|5)"), {16, 17, 18, 19}),  # Discover
    (re.compile(r"3(?:0[0-5]|095|[689])"), {14, 16, 17, 18, 19}),  # Diners Club
    (re.compile(r"35"), {16, 17, 18, 19}),  # JCB, and what is reserved around its range
    (re.compile(r"2131|1800"), {15, 16}),  # JCB, old
    (re.compile(r"62|81"), {16, 17, 18, 19}),  # UnionPay
    (re.compile(r"5[06-8]|6[0-9]"), set(range(12, 20))),  # Maestro, RuPay
)
"""Prefixes and lengths after ISO/IEC 7812 as the networks publish them."""


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""The sum of the digits of twice a digit."""


def find(text: str) -> Iterator[Finding]:
    """Numbers of 12 to 19 digits, whole or in a card's groups."""
    for run in _RUN.finditer(text):
        if not in_uuid(text, *run.span()):
            yield from _find_in(text, *run.span())


def _find_in(text: str, start: int, end: int) -> Iterator[Finding]:
    for match in _CANDIDATE.finditer(text, start, end):
        for value in (match.group(1), _LAST_GROUP.sub("", match.group(1))):
            if is_card(_SEPARATOR.sub("", value)):
                yield Finding(match.start(1), match.start(1) + len(value), "CREDIT_CARD", 1.0)
                break


def is_card(digits: str) -> bool:
    """Whether an issuer could have given out this number."""
    return _luhn(digits) and any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)


def _luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    return (sum(map(int, digits[-1::-2])) + sum(map(_DOUBLED.__getitem__, map(int, digits[-2::-2])))) % 10 == 0


CARD = Recognizer("card", ("CREDIT_CARD",), find)
