"""Phone numbers by form and by the words around them; a bare number is none, whatever its length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit, without_uuids

_RUN = re.compile(r"\+?\(?\d(?:[ \-.()/]{0,3}\d){6,19}(?:,?\s?(?:x|ext\.?|extension)\s?\d{1,6}(?!\w))?", re.IGNORECASE)
_UNMISTAKABLE = re.compile(
    r"(?<!\d)(?:\+\d{8,15}|\+\d{1,4}(?:[ .-]\(?\d{2,5}\)?){2,3}"
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|0\d{9,10}|0\d{2,4}[ -]\d{5,8})(?!\d)"
)
"""Forms that are told apart within a run of other numbers."""
_CUE = re.compile(
    r"(?:\b(?:tele)?phones?|\btel|\bcall|\bcell(?:phone)?|\bmob(?:ile)?|\bfax|\bcontact|\bdial|\btext me|\bsms|whatsapp"
    r"|\breach|\bring|answering at|messages? (?:to|on|at)|\bdesk|\boffice|hotline|helpline|msisdn"
    r"|\bviber|\bbkash|\bnagad|\b(?:my|his|her|your|their) number|ফোন|মোবাইল|নম্বর|নাম্বার)(?![a-z])",
    re.IGNORECASE,
)
_CUE_AFTER = re.compile(r"[\s,(-]{1,3}(?:fax|phone|mobile|cell|office|tel|home|work)\b", re.IGNORECASE)
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)")
_LIST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}\Z|\d+\.\d+(?: \d+\.\d+)*\Z|\d{1,3}(?:\.\d{3})+\Z")
"""An IPv4 address, floats, or a number with points between its thousands."""
_EXTENSION = re.compile(r",?\s?[xe][a-z.]*\s?\d+\Z", re.IGNORECASE)

_CUE_CHARS = 40
_FAINT = 0.3
"""The score of what may be anything: only the `strict` profile takes it."""


def find(text: str) -> Iterator[Finding]:
    """Numbers of 7 to 15 digits; scores say how much form and context speak for a phone."""
    if not has_digit(text):
        return
    text = without_uuids(text)
    for run in _RUN.finditer(text):
        whole = _judge(text, *run.span())
        if whole:
            yield whole
        if whole and whole.score > _FAINT:
            continue
        for part in _UNMISTAKABLE.finditer(text, *run.span()):
            if finding := _judge(text, *part.span()):
                yield finding


def _judge(text: str, start: int, end: int) -> Finding | None:
    if not _stands_alone(text, start, end) or _DATE.match(text, start):
        return None
    score = _score(text[start:end], text[max(0, start - _CUE_CHARS) : start], text[end : end + 12])
    return Finding(start, end, "PHONE_NUMBER", score) if score else None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Not a piece of a longer number, an identifier, an amount or a time."""
    before, after, then = text[max(0, start - 2) : start], text[end : end + 1], text[end + 1 : end + 2]
    if before and (before[-1].isalnum() or (before[-1] in "_$€£#-." and text[start] != "+")):
        return False
    if before[-1:] == "," and before[0].isdigit():
        return False
    return not (after.isalnum() or (after and after in "_%") or (after and after in ":,.-/" and then.isdigit()))


def _score(number: str, before: str, after: str) -> float:
    body = _EXTENSION.sub("", number)
    groups = re.findall(r"\d+", body)
    digits = len("".join(groups))
    if not 7 <= digits <= 15 or _LIST.match(body):
        return 0
    if body.startswith("+") and digits >= 8:
        return 0.85
    if _CUE.search(before) or _CUE_AFTER.match(after):
        return 0.75
    return _score_by_form(body, groups, digits)


def _score_by_form(body: str, groups: list[str], digits: int) -> float:
    lengths = [len(group) for group in groups]
    if lengths in ([3, 3, 4], [1, 3, 3, 4]) or (groups[0] in {"00", "001", "0011"} and digits >= 10):
        return 0.7
    if body.startswith("(") and digits >= 8:
        return 0.6
    national = body.startswith("0") and not body.startswith("0" * 4)
    if national and 9 <= digits <= 12 and min(lengths) >= 2:
        return 0.6
    if lengths == [5, 5] and body[0] in "6789":
        return 0.55
    return _FAINT if min(lengths) >= 2 and digits >= 8 else 0


PHONE = Recognizer("phone", ("PHONE_NUMBER",), find)
