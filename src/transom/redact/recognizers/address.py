"""Street addresses of the common English forms, and postal codes after their label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit

_WORD = r"[^\W\d_][\w.'’-]{0,24}"
_STREET = re.compile(
    rf"(?<![\w.])\d{{1,6}}[A-Za-z]?,? (?:[NSEW]\.? )?(?:{_WORD} ){{1,3}}"
    r"(?:St(?:reet)?|Ave(?:nue)?|R(?:oa)?d|Blvd|Boulevard|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace"
    r"|Parkway|Pkwy|Highway|Hwy|Close|Crescent|Trail|Circle|Row)\b\.?"
    r"(?:[,\s]{1,2}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?\w{1,8})?"
    r"(?:,\s?[A-Z][\w.-]{0,24}(?: [A-Z][\w.-]{0,24}){0,2}){0,2}"
    r"(?:,? [A-Z]{2})?(?:,? \d{4,6}(?:-\d{4})?)?(?!\w)"
)
_PARTS = re.compile(
    r"\b(?:House|Flat|Plot|Holding|Apartment|Apt|Suite|Unit|Box|P\.?\s?O\.? Box|PSC|Road|Block|Sector|Ward)"
    r"\.?(?: ?(?:no\.?|#))?[ :#-]{0,2}\d{1,6}[A-Za-z]?"
    r"(?:,? (?:House|Flat|Plot|Road|Lane|Block|Sector|Ward|Box|AP[OE]|Level|Floor)"
    r"(?: ?(?:no\.?|#))?[ :#-]{0,2}\w{1,6}){0,4}(?!\w)",
)
_POSTAL_CODE = re.compile(
    r"\b(?:zip|postal|post ?code)(?: ?code)?\b[\s:=#\"']{0,4}(?:is )?([A-Z0-9][A-Z0-9-]{2,9}(?: \d[A-Z]{2})?)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(r"(?:Apartment|Apt|Suite|Flat|P\.?\s?O\.? Box|PSC|House|Plot)", re.IGNORECASE)


def find(text: str) -> Iterator[Finding]:
    """House number and street; flat, house, road and block numbers; postal codes."""
    if not has_digit(text):
        return
    for match in _STREET.finditer(text):
        if any(word[:1].isupper() for word in match.group().split()[1:2]):
            yield Finding(match.start(), match.end(), "STREET_ADDRESS", 0.7)
    for match in _PARTS.finditer(text):
        if _ALONE.match(match.group()) or "," in match.group():
            yield Finding(match.start(), match.end(), "STREET_ADDRESS", 0.6)
    for match in _POSTAL_CODE.finditer(text):
        if has_digit(match.group(1)):
            yield Finding(match.start(1), match.end(1), "STREET_ADDRESS", 0.6)


ADDRESS = Recognizer("address", ("STREET_ADDRESS",), find)
