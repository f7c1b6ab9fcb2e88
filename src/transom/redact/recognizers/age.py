"""Ages: the number in `34 years old`, `34-year-old`, `aged 34`, `I'm 34`, `34/F`, and the same in other languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import spot, vocabulary
from transom.redact.text import has_digit

_AGE = r"(?P<age>[0-9]{1,3})(?![\w%:/]|[.,-][0-9]| ?(?:%|percent|times|items))"
_OLD = re.compile(
    r"(?P<age>[0-9](?<![\w.,/$€£%+-].)[0-9]{0,2})(?:"
    r"[ -]?(?:years?|yrs?|months?|weeks?)[ -](?:olds?|of[ -]age)\b|[ -]?y[./-]?o\b| ?/ ?[MF]\b"
    r"| ans(?=[.,;!?]| et )| años\b(?! (?:de|en|después))| anos de idade| anni(?=[.,;!?]| e )"
    r"| Jahre alt|[ -]?jährige[rnms]?\b| jaar oud|-jarige| år gammal|-årig| lat(?=[.,;!?])|-letni|[ -]éves| yaşında"
    r"| лет(?=[.,;!?])|-летн| বছর ব|-বছর ব| বছরের| साल (?:का|की|के) (?!लिए|बाद)| वर्षीय)",
    re.IGNORECASE,
)
_CUES = vocabulary(
    "age aged turn turned turning turns বয়স उम्र आयु edad âge âgé âgée alter età idade leeftijd yaş wiek wieku ålder "
    "alder ikä возраст"
)
_CUED = re.compile(rf"[\"']?\s?(?:[:=]|of|is|was|de|di|van)?\s?[\"']?{_AGE}")
_WHO = vocabulary("i im he she ich ik")
_SELF = re.compile(
    rf"(?: am|['’]m| was| is|['’]s| bin| ben|(?<=[iI]m))(?: just| only| now)? {_AGE}"
    r"(?=[.,;!?)]*(?:\s*\Z|\s+(?:and|yrs?|with|male|female|now|but)\b)|[.,;!?)]\s)"
)
_HAVE = vocabulary("a ai tengo tiene tenho tem ho ha mam ma bin ist mit ben")
_YEARS = re.compile(rf"(?<!y a) {_AGE}(?= (?:ans|años|anos|anni|lat|lata|Jahren?|jaar)\b)")
"""`J'ai 34 ans`, but not `il y a 34 ans`."""
_OLDEST = 120


def find(text: str) -> Iterator[Finding]:
    """Only the number, so that `<AGE> years old` reads well."""
    if not has_digit(text):
        return
    found = list(_OLD.finditer(text))
    for words, after in ((_CUES, _CUED), (_WHO, _SELF), (_HAVE, _YEARS)):
        found += (match for start, word in spot(text, words) if (match := after.match(text, start + len(word))))
    for match in found:
        if 0 < int(match["age"]) <= _OLDEST:
            yield Finding(match.start("age"), match.end("age"), "AGE", 0.6)


AGE = Recognizer("age", ("AGE",), find)
