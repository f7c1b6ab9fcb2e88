"""Nationalities, ethnic and religious groups and political parties: from a list, and whatever a label calls one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.gazetteer import Gazetteer, Personal
from transom.redact.recognizers.words import LETTER, spot, vocabulary, word_list

PERSONAL, PUBLIC = 0.55, 0.35
"""That of somebody, by the words near it, and one that may be about a language, a dish or history."""

_MEANT = re.compile(
    r"(?:\b(?:i am|i['’]?m|he is|she is|we are|soy|sono|suis|bin)"
    r"|['’]s)(?: an?)? \Z",
    re.IGNORECASE,
)
"""After these even a name in lower case is that of a group."""
_LABELS = vocabulary(
    "nationality citizenship ethnicity religion race caste nationalität staatsangehörigkeit staatsbürgerschaft "
    "nationalité nacionalidad nacionalidade nazionalità nationaliteit narodowość obywatelstwo uyruk religión religião "
    "religione জাতীয়তা ধর্ম राष्ट्रीयता धर्म"
)
_LABELLED = re.compile(rf"[\"']?\s?(?::|=| is| ist| est| es| é| è)\s{{0,2}}[\"']?(?P<group>[{LETTER}]{{3,24}})")


def _with_plurals() -> Iterator[str]:
    for name in word_list("groups.txt"):
        yield name
        if name.isascii() and not name.endswith(("ese", "ish", "ch", "ss", "ic", "s", "man")):
            yield f"{name}s"


_GROUPS = Gazetteer(_with_plurals())
_NO_GROUP = vocabulary("not the none null unknown required optional string true false other any ist est undefined")


def find(text: str) -> Iterator[Finding]:
    """Names of the list, capitalised, of a script without capitals, or after `I am`; and `nationality: …`."""
    personal = None
    for start, end in _GROUPS.find(text):
        meant = _MEANT.search(text, max(0, start - 16), start)
        if meant or not text[start].islower():
            personal = personal or Personal(text)
            yield Finding(start, end, "NRP", PERSONAL if meant or personal.near(start, end) else PUBLIC)
    for start, word in spot(text, _LABELS):
        label = _LABELLED.match(text, start + len(word))
        if label and label["group"].lower() not in _NO_GROUP:
            yield Finding(*label.span("group"), "NRP", PERSONAL)


NRP = Recognizer("nrp", ("NRP",), find)
