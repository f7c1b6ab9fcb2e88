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
    r"|Parkway|Pkwy|Highway|Hwy|Close|Crescent|Trail|Circle|Row)s?\b\.?"
)
_NUMBERED = rf"\d{{1,6}}[A-Za-z]? (?:{_WORD} ){{1,4}}\d{{1,5}}(?!\w)"
_BEFORE_A_DOOR = re.compile(rf"(?<![\w.]){_NUMBERED}(?=[\s,]{{1,8}}(?:Apt|Apartment|Suite|Unit|Flat)\b)", re.IGNORECASE)
_CUED = re.compile(
    rf"\b(?:address|lives? at|living at|resid(?:es|ing) at|off at|(?:sent?|ship|deliver) (?:it )?to)\b"
    rf"[^\n\d]{{0,24}}\n?\s{{0,8}}({_NUMBERED})",
    re.IGNORECASE,
)
_DOOR = re.compile(
    r"\b(?:House|Flat|Plot|Holding|Apartment|Apt|Suite|Unit|Box|P\.?\s?O\.? Box|PSC|Road|Block|Sector|Ward)"
    r"\.?(?: ?(?:no\.?|#))?[ :#-]{0,2}\d{1,6}[A-Za-z]?"
    r"(?:,? (?:House|Flat|Plot|Road|Lane|Block|Sector|Ward|Box|AP[OE]|Level|Floor)"
    r"(?: ?(?:no\.?|#))?[ :#-]{0,2}\w{1,6}){0,4}(?!\w)",
)
_TELLING_DOOR = re.compile(r"Apartment|Apt|Suite|Flat|P\.?\s?O\.? Box|PSC|House|Plot|Unit.*Box", re.IGNORECASE)
_TOWN = re.compile(r"(?:[\s,>]{1,10}(?=[^\W\d_a-z])[\w.'’()-]{1,25}){0,6}[\s,>]{1,10}\d{4,6}(?:-\d{4})?(?!\w)")
"""Town, state and country on the lines after a street or a door, if a postal code ends them."""
_POSTAL_CODE = re.compile(
    r"\b(?:zip|postal|post ?code)(?: ?code)?\b[\s:=#\"']{0,4}(?:is )?([A-Z0-9][A-Z0-9-]{2,9}(?: \d[A-Z]{2})?)\b",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Finding]:
    """House number and street; flat, house, road and block numbers; the town after them; postal codes."""
    if not has_digit(text):
        return
    for match in _STREET.finditer(text):
        if match.group().split()[1][:1].isupper():
            yield _with_town(text, match.start(), match.end(), 0.7)
    for match in _BEFORE_A_DOOR.finditer(text):
        yield _with_town(text, match.start(), match.end(), 0.65)
    for match in _CUED.finditer(text):
        yield _with_town(text, match.start(1), match.end(1), 0.65)
    for match in _DOOR.finditer(text):
        if "," in match.group() or _TELLING_DOOR.match(match.group()):
            yield _with_town(text, match.start(), match.end(), 0.6)
    for match in _POSTAL_CODE.finditer(text):
        if has_digit(match.group(1)):
            yield Finding(match.start(1), match.end(1), "STREET_ADDRESS", 0.6)


def _with_town(text: str, start: int, end: int, score: float) -> Finding:
    town = _TOWN.match(text, end)
    return Finding(start, town.end() if town else end, "STREET_ADDRESS", score)


ADDRESS = Recognizer("address", ("STREET_ADDRESS",), find)
