"""Numbers of court cases, applications and files: `no. 12345/06`, `Case C-123/45`, `Az. 12 C 345/19`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import spot, vocabulary
from transom.redact.text import has_digit

_CUES = vocabulary(
    "no nos nr number numbers num application applications case cases file files docket ref reference "
    "aktenzeichen az geschäftszeichen gz dossier expediente sygn akt register registry plot parcel docket "
    "claim dosya esas karar मामला मुकदमा মামলা মামলার"
)
_VALUE = r"[A-Z0-9](?:[A-Z0-9]|[-/.](?=[A-Z0-9])){0,23}(?-i: [A-Z]{1,3} [0-9]{1,5}/[0-9]{2,4})?"
_NUMBERS = re.compile(
    rf"(?:\.|:| file| case| number| no\.?| nr\.?| akt\.?| নং| संख्या|\s?#){{0,3}}[ :\"']{{1,3}}"
    rf"(?P<first>{_VALUE})(?![\w])(?P<more>(?:(?:, | and | & ){_VALUE}(?!\w)){{0,8}})",
    re.IGNORECASE,
)
_EACH = re.compile(rf"(?<![\w/.-]){_VALUE}", re.IGNORECASE)
_SLASHED = re.compile(r"(?:[0-9]{1,3} [A-Z]{1,3} )?[A-Z]{0,4}-?[0-9]{1,7}(?:/[A-Z0-9]{1,6}){1,3}\Z", re.IGNORECASE)
_DOCKETS = "AP|BK|CA|CC|CF|CH|CIV|CR|CV|DM|DR|DV|FA|FL|JV|LA|MC|MD|MJ|MM|PC|PO|PR|SC|TR"
_DOCKETED = re.compile(
    rf"(?<![\w/.:-])(?:[0-9A-Z]{{1,3}}[:-])?(?:[0-9]{{4}}|[0-9]{{2}})-(?:{_DOCKETS}|{_DOCKETS.lower()})-[0-9]{{3,7}}"
    r"(?:-[A-Z]{1,4}){0,3}(?![\w-])"
)
"""As courts of the United States number cases: court, year, kind, number, judge."""
_LAW = re.compile(
    r"\b(?:laws?|acts?|articles?|protocols?|rules?|decrees?|regulations?|directives?|resolutions?|conventions?|sections?"
    r"|recommendations?|ordinances?|amendments?|series|pages?|versions?)(?: \([^()\n]{0,20}\))? \Z",
    re.IGNORECASE,
)
"""What is numbered for everybody."""


def find(text: str) -> Iterator[Finding]:
    """Numbers with a slash after any of the words; whole ones only after `file no.` and the like."""
    if not has_digit(text):
        return
    for start, word in spot(text, _CUES):
        match = _NUMBERS.match(text, start + len(word))
        if match and not _LAW.search(text, max(0, start - 40), start):
            for value in _EACH.finditer(text, match.start("first"), match.end()):
                if _SLASHED.match(value.group()):
                    yield Finding(value.start(), value.end(), "ID_NUMBER", 0.6)
    for docketed in _DOCKETED.finditer(text):
        yield Finding(*docketed.span(), "ID_NUMBER", 0.6)


CASE_NUMBER = Recognizer("case_number", ("ID_NUMBER",), find)
