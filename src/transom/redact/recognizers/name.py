"""Names that the words before them give away. Other names are the language model's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_NAME = r"[^\W\d_](?:[\w'’-]{0,23}[^\W_]|\.)"
_CAPITALISED = rf"(?=[^\W\d_a-z]){_NAME}"
_TITLED = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam|MR|MRS|MS|DR|PROF|Md|Mme)\.? "
    rf"((?:[A-Z]\.? ?){{0,2}}{_CAPITALISED}(?: {_CAPITALISED}){{0,2}})"
)
_TITLED_LOWER = re.compile(r"(?<!\w)(?:mr|mrs|dr|prof)\.? ([a-z][a-z'’-]{2,24})(?!\w)")
_INTRODUCED = re.compile(
    r"\b(?i:my (?:full )?name is|my name's|i am called|call me|this is|yours sincerely,?|(?:best|kind|warm) regards,?"
    r"|signed,?|dear|first name|last name|full name|surname|customer name|patient name)"
    r"(?i:\s{0,2}[:=]|\s+is)?\s{0,3}\n?"
    rf"({_CAPITALISED}(?: {_CAPITALISED}){{0,2}})"
)
_INTRODUCED_LOWER = re.compile(r"\b[Mm]y name is ([a-z][a-z'’-]{1,24}(?: [a-z][a-z'’-]{1,24})?)(?!\w)")
# fmt: off
_NO_NAME = frozenset({
    "sir", "madam", "team", "all", "everyone", "customer", "customers", "user", "users", "friend", "friends",
    "colleague", "colleagues", "hiring", "manager", "support", "the", "a", "an", "i", "it", "he", "she", "they", "my",
    "your", "our", "his", "her", "not", "this", "that", "what", "how", "when", "who", "why", "is", "was", "please",
    "and", "or", "word", "office", "excel", "sql", "teams", "windows", "access",
})
# fmt: on


def find(text: str) -> Iterator[Finding]:
    """`Dr. Amina Rahman`, `mr karim`, `my name is …`, `Kind regards, …`."""
    for pattern, score in ((_TITLED, 0.8), (_TITLED_LOWER, 0.6), (_INTRODUCED, 0.7), (_INTRODUCED_LOWER, 0.6)):
        for match in pattern.finditer(text):
            end = _end_of_name(match.group(1))
            if end:
                yield Finding(match.start(1), match.start(1) + end, "PERSON", score)


def _end_of_name(value: str) -> int:
    """Where the first word that is no name begins, less the space before it."""
    end = 0
    for word in re.finditer(r"\S+", value):
        if word.group().lower().strip(".,") in _NO_NAME:
            break
        end = word.end()
    return end


NAME = Recognizer("name", ("PERSON",), find)
