"""Phone numbers by form and by the words around them; a bare number is none, whatever its length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import in_uuid

_RUN = re.compile(
    r"[0-9](?:[ \-.()/]{0,3}[0-9]){6,19}(?:,?\s?(?:[xX]|[eE][xX][tT]\.?|[eE]xtension)\s?[0-9]{1,6}(?!\w))?"
)
_HEAD = re.compile(r"\+?\(?\Z")
_UNMISTAKABLE = re.compile(
    r"(?<!\d)(?:\+\d{8,15}|\+\d{1,4}(?:[ .-]\(?\d{2,5}\)?){2,3}"
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|0\d{9,10}|0\d{2,4}[ -]\d{5,8})(?!\d)"
)
"""Forms that are told apart within a run of other numbers."""
_CUE = re.compile(
    r"(?:\b(?:tele)?phones?|\bt[eé]l[eé]?(?:phone|fono|fon)?|\bcall|\bcell(?:phone|ular)?|\bmob(?:ile|il)?|\bfax"
    r"|\bcontact|\bdial|\btext me|\bsms|whatsapp|\breach|\bring|answering at|messages? (?:to|on|at)|\bdesk|\boffice"
    r"|hotline|helpline|msisdn|\bviber|\bimo|\bbkash|\bnagad|\b(?:my|his|her|your|their) number"
    r"|\bportable|\bhandy|\bm[oó]vil|\bcelular"
    r"|\bnumero di|телефон|моб|ফোন|মোবাইল|নম্বর|নাম্বার|বিকাশ|হোয়াটসঅ্যাপ"
    r"|फोन|फ़ोन|मोबाइल|नंबर|नम्बर|कृपया|कॉल|संपर्क|सम्पर्क|व्हाट्सएप|व्हाट्सऐप|电话|手机|電話|携帯|هاتف|جوال)(?![a-z])",
    re.IGNORECASE,
)
_RECORD_CUE = re.compile(
    r"(?:isbn(?:-1[03])?|issn|serial|order|invoice|ticket|sku|id|ref(?:erence)?|tracking|part|model|account|seed|commit|build"
    r"|receipt|transaction|txn)(?: (?:no\.?|number|id|#))?[\"'`]?[\s:=#.\"'`]{0,4}\Z",
    re.IGNORECASE,
)
"""What a bare number after it is, rather than a phone's."""
_ID_CUE = re.compile(
    r"(?:खाता|खाते|आधार|पासपोर्ट|অ্যাকাউন্ট|একাউন্ট|হিসাব|এনআইডি|পাসপোর্ট)\s(?:नंबर|नम्बर|নম্বর|নাম্বার)(?: है| হলো)?[\s:]{0,3}\Z"
)
"""`नंबर` and `নম্বর` alone are mostly a phone's."""
_COUNTING = "012345678901234567890"
_CUE_AFTER = re.compile(
    r"[\s,(-]{1,3}(?:(?:fax|phone|mobile|cell|office|tel|home|work)\b|নম্বরে|এ (?:কল|ফোন)"
    r"|पर (?:कॉल|फोन|फ़ोन|बात|संपर्क|सम्पर्क|मैसेज|व्हाट्स))",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)")
_LIST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}\Z|\d+\.\d+(?: \d+\.\d+)*\Z|\d{1,3}(?:\.\d{3})+\Z")
"""An IPv4 address, floats, or a number with points between its thousands."""
_GROUP = re.compile("[0-9]+")
_ABROAD = re.compile("00(?:11?|[1-9][0-9]{0,2})?")
_EXTENSION = re.compile(r",?\s?[xe][a-z.]*\s?\d+\Z", re.IGNORECASE)

_CUE_CHARS = 40
_FAINT = 0.3
"""The score of what may be anything: only the `strict` profile takes it."""


def find(text: str) -> Iterator[Finding]:
    """Numbers of 7 to 15 digits; scores say how much form and context speak for a phone."""
    for run in _RUN.finditer(text):
        start, end = run.start() - _head_chars(text, run.start()), run.end()
        if in_uuid(text, start, end):
            continue
        whole = _judge(text, start, end)
        if whole:
            yield whole
        if whole and whole.score > _FAINT:
            continue
        for part in _UNMISTAKABLE.finditer(text, start, end):
            if finding := _judge(text, *part.span()):
                yield finding


def _head_chars(text: str, start: int) -> int:
    head = _HEAD.search(text[max(0, start - 2) : start])
    return len(head.group()) if head else 0


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
    groups = _GROUP.findall(body)
    digits = len("".join(groups))
    if not 7 <= digits <= 15 or _LIST.match(body):
        return 0
    if body.startswith("+") and digits >= 8:
        return 0.85
    if (_CUE.search(before) and not _ID_CUE.search(before)) or _CUE_AFTER.match(after):
        return 0.75
    if len(groups) == 1 and (body in _COUNTING or _RECORD_CUE.search(before)):
        return 0
    return _score_by_form(body, groups, digits)


def _score_by_form(body: str, groups: list[str], digits: int) -> float:
    lengths = [len(group) for group in groups]
    if lengths in ([3, 3, 4], [1, 3, 3, 4]) or (len(groups) > 1 and _ABROAD.fullmatch(groups[0]) and digits >= 10):
        return 0.7
    if lengths == [1, 3, 3, 2, 2] and body[0] == "8":  # Russia's trunk prefix
        return 0.6
    if body.startswith("(") and digits >= 8:
        return 0.6
    national = body.startswith("0") and not body.startswith("0" * 4)
    if national and 9 <= digits <= (11 if len(groups) == 1 else 12) and min(lengths) >= 2:
        return 0.6
    if lengths == [5, 5] and body[0] in "6789":
        return 0.55
    return _FAINT if min(lengths) >= 2 and digits >= 8 else 0


PHONE = Recognizer("phone", ("PHONE_NUMBER",), find)
