"""United States social security numbers, and taxpayer numbers of the same form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit, without_uuids

_GROUPED = re.compile(r"(?<![\w.])(?<!\d-)(?!000|666)\d{3}([- .])(?!00)\d{2}\1(?!0000)\d{4}(?!\w|[-.]\d)")
_CUED = re.compile(
    r"(?:\bssn|social security(?: (?:number|no\.?|#))?|\bitin)\b[\"']?(?: is| was)?[\s:=#\"']{0,4}"
    r"(\d{3}[- .]?\d{2}[- .]?\d{4})(?!\w)",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Finding]:
    """`123-45-6789` and its like; nine bare digits only after a label."""
    if not has_digit(text):
        return
    for match in _GROUPED.finditer(without_uuids(text)):
        yield Finding(match.start(), match.end(), "US_SSN", 0.9)
    for match in _CUED.finditer(text):
        yield Finding(match.start(1), match.end(1), "US_SSN", 1.0)


SSN = Recognizer("ssn", ("US_SSN",), find)
