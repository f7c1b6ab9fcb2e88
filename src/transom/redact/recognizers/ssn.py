"""United States social security numbers, and taxpayer numbers of the same form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import ascii_lower, in_uuid, occurrences

_GROUPED = re.compile(r"[0-9]{3}([- .])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?!\w|[-.][0-9])")
_PART_OF_MORE = re.compile(r"[\w.]\Z|[0-9]-\Z")
_NO_AREA = ("000", "666")
_CUES = ("ssn", "social security", "itin")
_CUED = re.compile(
    r"(?:ssn|social security(?: (?:number|no\.?|#|num))?|itin)(?![a-z])[\"'`*]{0,3}\)?(?: (?:number|no\.?|is|was|of))?"
    r"[\s:=#|\"'`*>]{0,6}([0-9]{3}[- .]?[0-9]{2}[- .]?[0-9]{4})(?!\w)",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Finding]:
    """`123-45-6789` and its like; nine bare digits only after a label."""
    for match in _GROUPED.finditer(text):
        start, end = match.span()
        alone = not _PART_OF_MORE.search(text[max(0, start - 2) : start]) and not in_uuid(text, start, end)
        if alone and not match.group().startswith(_NO_AREA):
            yield Finding(start, end, "US_SSN", 0.9)
    for at in occurrences(ascii_lower(text), _CUES):
        if cued := _CUED.match(text, at):
            yield Finding(cued.start(1), cued.end(1), "US_SSN", 1.0)


SSN = Recognizer("ssn", ("US_SSN",), find)
