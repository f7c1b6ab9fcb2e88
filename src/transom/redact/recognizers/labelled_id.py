"""Numbers that a label says are a person's: accounts, passports, patients, employees, national ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit

_PERSONAL = (
    r"passport|nid|national id(?:entity)?|voter|aadhaa?r|pan card|mrn|medical record|health card|birth certificate"
    r"|driv(?:er'?s?|ing) licen[cs]e|tin|ein|social insurance|patient|(?:bank )?acc(?:oun)?t|a/c|routing"
)
_GENERAL = (
    r"employee|staff|student|member(?:ship)?|licen[cs]e|tax(?:payer)?|vat|insurance|policy|claim|badge|case|application"
    r"|customer|client|beneficiary|registration|identity|identification|record"
)
_LABELLED = re.compile(
    rf"(?<![A-Za-z])(?:(?P<personal>{_PERSONAL})|{_GENERAL})s?"
    r"(?P<noun>(?:[ _-]?(?:id|no|num|number|nr|code|card|ref(?:erence)?|#)(?![A-Za-z])\.?){0,2})"
    r"[\"']?(?P<link>\s{0,2}(?:is|was|:|=|#|->)?\s{0,3})[\"'#(]?"
    r"(?P<value>(?:[A-Z]{1,5}[-/ ]?)?\d[A-Z0-9/-]{2,23}(?: \d{2,8}){0,4})(?![\w%]|\.\d)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}")


def find(text: str) -> Iterator[Finding]:
    """Values with four digits after a label like `account number`; with six right after a `passport`."""
    if not has_digit(text):
        return
    for match in _LABELLED.finditer(text):
        value = match["value"]
        digits = sum(char.isdigit() for char in value)
        named = bool(match["noun"]) or bool(match["personal"] and match["link"].strip())
        enough = 4 if named else 6
        if digits >= enough and (named or match["personal"]) and not _DATE.match(value):
            yield Finding(match.start("value"), match.end("value"), "ID_NUMBER", 0.7 if named else 0.6)


LABELLED_ID = Recognizer("labelled_id", ("ID_NUMBER",), find)
