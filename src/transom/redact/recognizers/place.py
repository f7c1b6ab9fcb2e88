"""Countries, states and large cities, from a list; other places after `lives in`, or before `District` and the like.

places.txt is made from GeoNames (CC BY 4.0) and Unicode CLDR (Unicode License v3) by evals/redaction/word_lists.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.gazetteer import Gazetteer, Personal
from transom.redact.recognizers.words import LETTER, spot, vocabulary, word_list

PERSONAL, PUBLIC = 0.55, 0.35
"""A place that is somebody's, by the words near it, and one that may be just a fact."""

_PLACES = Gazetteer(word_list("places.txt"))
_MEANT = re.compile(
    r"(?:live in|lives in|lived in|living in|from|born in|moved to|based in|located in|stay in|staying in) \Z"
)
"""After these even a name in lower case is a place."""
_IN_ADDRESS = re.compile(r"[0-9][^\n0-9]{0,40}(?:\n[^\n0-9]{0,30})?[\n,>]\s{0,2}\Z")
"""It ends a line or a list that holds a number."""
_POSTAL_CODE = re.compile(r"-[0-9]{4,6}(?![\w.,-])|(?:,? [A-Z]{2})?(?:, |\s)(?:[0-9]{5,6}|[03-9][0-9]{3})(?![\w.,-])")
"""Of four digits only with a hyphen if they may be a year."""
_HOMES = vocabulary(
    "live lives lived living resides reside residing resident born raised grew practising practicing based hometown "
    "wohne wohnt wohnhaft geboren habite habitant né née vivo vive viven nací nacido nacida residente abito abita nato "
    "nata moro mora nasci mieszkam mieszka urodzony district province village municipality county town hamlet suburb "
    "city"
)
_NAME = rf"(?![a-zß-öø-ÿ])[{LETTER}]{{2,24}}(?:(?: |[-‑'’]| d[’'])(?![a-zß-öø-ÿ])[{LETTER}]{{2,24}}){{0,3}}"
_AT_HOME = re.compile(
    rf"(?: up)? (?:in|at|of|near|à|en|a|w|em) (?:the )?(?:(?:town|city|village|district|province|state) of )?"
    rf"(?P<name>{_NAME}(?:, {_NAME}){{0,2}})"
)
_AREAS = vocabulary("district province village municipality county prefecture upazila governorate")
_AREA_NAME = re.compile(rf"(?<![\w.-]){_NAME} \Z")
_NO_PLACE = word_list("months.txt") | vocabulary(
    "the a an i my our his her their this that which it general fact case particular all peace captivity house "
    "rural urban"
)


def find(text: str) -> Iterator[Finding]:
    """Listed names with their postal code: capitalised, of a script without capitals, or after `from`; homes; areas."""
    personal = None
    for start, end in _PLACES.find(text):
        if text[start].islower() and not _MEANT.search(text, max(0, start - 16), start):
            continue
        personal = personal or Personal(text)
        code = _POSTAL_CODE.match(text, end)
        somebodys = code or personal.near(start, end) or _IN_ADDRESS.search(text, max(0, start - 72), start)
        yield Finding(start, code.end() if code else end, "LOCATION", PERSONAL if somebodys else PUBLIC)
    yield from _find_by_cue(text)


def _find_by_cue(text: str) -> Iterator[Finding]:
    for start, word in spot(text, _HOMES):
        home = _AT_HOME.match(text, start + len(word))
        if home and _is_name(home["name"]):
            yield Finding(*home.span("name"), "LOCATION", PERSONAL)
    for start, word in spot(text, _AREAS):
        area = _AREA_NAME.search(text, max(0, start - 60), start) if text[start].isupper() else None
        if area and _is_name(area.group()):
            yield Finding(area.start(), start + len(word), "LOCATION", PUBLIC)


def _is_name(value: str) -> bool:
    return not value[0].islower() and value.split()[0].lower().strip(",") not in _NO_PLACE


PLACE = Recognizer("place", ("LOCATION",), find)
