"""International bank account numbers: the country's length and the check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import in_uuid

_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC",
        32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Lengths by country, from the IBAN registry (SWIFT, release 99)."""

_CHECK_DIGITS = re.compile(r"[0-9]{2}(?<=[A-Za-z]{2}[0-9]{2})(?<![A-Za-z0-9][A-Za-z]{2}[0-9]{2})")
_BODY = re.compile(r"(?:[ -]?[A-Za-z0-9]){10,40}")


def find(text: str) -> Iterator[Finding]:
    """IBANs in either case, whole or in groups."""
    for check in _CHECK_DIGITS.finditer(text):
        start = check.start() - 2
        length = _LENGTHS.get(text[start : start + 2].upper())
        body = _BODY.match(text, check.end()) if length else None
        if body and length:
            end = _take(text, start, body.end(), length)
            if end and _mod97(text[start:end]) and not in_uuid(text, start, end):
                yield Finding(start, end, "IBAN_CODE", 1.0)


def _take(text: str, start: int, limit: int, length: int) -> int | None:
    """Where `length` letters and digits from `start` end, if no further one follows."""
    end = start
    while length and end < limit:
        length -= text[end].isalnum()
        end += 1
    return end if not length and not text[end : end + 1].isalnum() else None


def _mod97(value: str) -> bool:
    """The check of ISO 13616 (ISO 7064 mod 97-10)."""
    code = re.sub(r"[^A-Za-z0-9]", "", value)
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


IBAN = Recognizer("iban", ("IBAN_CODE",), find)
