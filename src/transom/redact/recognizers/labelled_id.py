"""Numbers that a label says are a person's: accounts, passports, patients, employees, cases, national ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import spot, vocabulary
from transom.redact.text import ascii_lower, occurrences

_PERSONAL = (
    "passport", "nid", "national id", "voter", "aadhaar", "aadhar", "pan card", "mrn", "medical record", "health card",
    "nhs", "birth certificate", "license", "licence", "tin", "ein", "social insurance", "social security", "patient",
    "account", "acct", "a/c", "routing", "ifsc", "iban", "swift", "sort code", "bsb", "vin", "pnr", "cpf", "cnpj",
    "curp", "personnummer", "reisepass", "ausweis", "steuer-id", "konto", "passeport", "pasaporte", "cuenta", "compte",
    "hesap", "emirates id", "green card", "visa number",
)  # fmt: skip
"""What is nearly always followed by a number of its bearer's."""
_FOREIGN = (
    "পাসপোর্ট", "এনআইডি", "পরিচয়পত্র", "পরিচয়পত্র", "জন্ম নিবন্ধন", "অ্যাকাউন্ট", "একাউন্ট", "হিসাব",
    "आधार", "पासपोर्ट", "खाता", "खाते", "पैन", "मतदाता",
)  # fmt: skip
_GENERAL = (
    "employee", "staff", "student", "member", "tax", "vat", "insurance", "policy", "claim", "badge", "case",
    "application", "customer", "client", "beneficiary", "registration", "identity", "identification", "record", "loan",
    "file", "docket", "reservation", "booking", "id card", "certificate", "permit", "plate", "payroll", "enrolment",
    "enrollment", "subscriber", "user", "person", "applicant", "mandate", "card",
)  # fmt: skip
"""What must be followed by a noun like `number` or `id` too."""

_NOUN = (
    r"(?P<noun>(?:[ _-]{0,2}(?:(?:id|no|num|number|nr|nummer|code|card|ref(?:erence)?|identifier)(?![A-Za-z0-9])\.?"
    r"|#|№|নম্বরটি|নম্বর|নাম্বার|নং|संख्या|नंबर)){0,2})"
)
_VALUE = (
    r"(?P<value>(?-i:(?:[A-Z]{1,6}[-/# .]?){0,2}|[a-z]{1,5}-?)(?:[0-9]:)?[0-9][A-Z0-9/-]{2,23}(?: [0-9]{2,8}){0,4})"
    r"(?![\w%]|\.[0-9])"
)
_LABEL = re.compile(
    rf"(?:ship|payer|holder|'s|s)?{_NOUN}(?![^\W\d_])"
    r"(?: (?:with|at|for|of|in|from|on) [^\W\d][\w' &.-]{0,30}?(?= (?:is|was)\b|\s?[:=]))?"
    r"(?P<link>[\"'`*\])]{0,3}\s{0,2}(?:(?:is|was|are|হলো|है|ist|est|es)(?!\w)|[:=#|]|->)?[:*]{0,3}\s{0,3})[\"'`#(*]{0,2}"
    + _VALUE,
    re.IGNORECASE,
)
_JOINED_LABELS = vocabulary("mrn pol clm pat acc acct cust mem mbr ins stu pnr dl nid tin ptn vin loan claim")
_JOINED = re.compile(r"-(?P<value>(?:[A-Z0-9]{1,5}-){0,2}[0-9]{4,12})(?![\w-])")
"""`MRN-0012345`: labels that are a part of the numbers of patients, policies, claims, members."""
_NUMBER = re.compile(r"[0-9]{3}|[0-9][0-9 /-]{4}")
"""No value is without it; many texts are."""
_DATE = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4})(?![0-9/-])")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")

_NAMED_DIGITS = 4
_BARE_DIGITS = 6


def find(text: str) -> Iterator[Finding]:
    """Values with four digits after a label like `account number`; with six right after a `passport`."""
    if not _NUMBER.search(text):
        return
    lowered = ascii_lower(text)
    yield from _find(text, lowered, _PERSONAL, personal=True)
    yield from _find(text, lowered, _GENERAL, personal=False)
    if not text.isascii():
        yield from _find(text, text, _FOREIGN, personal=True)
    yield from _joined(text)


def _find(text: str, lowered: str, labels: tuple[str, ...], *, personal: bool) -> Iterator[Finding]:
    for label in labels:
        for at in occurrences(lowered, (label,)):
            if not text[at - 1 : at].isalpha() and (finding := _after(text, at + len(label), personal=personal)):
                yield finding


def _joined(text: str) -> Iterator[Finding]:
    for start, word in spot(text, _JOINED_LABELS):
        end = start + len(word)
        whole = text[start:end].isupper() and text[start - 1 : start] not in {"-", "_", ".", "/"}
        match = _JOINED.match(text, end) if whole else None
        if match and not _YEAR.fullmatch(match["value"]):
            yield Finding(start, match.end(), "ID_NUMBER", 0.65)


def _after(text: str, at: int, *, personal: bool) -> Finding | None:
    match = _LABEL.match(text, at)
    if match is None or _DATE.match(match["value"]) or _YEAR.fullmatch(match["value"]):
        return None
    named = bool(match["noun"]) or (personal and bool(match["link"].strip()))
    digits = sum(char.isdigit() for char in match["value"])
    if digits < (_NAMED_DIGITS if named else _BARE_DIGITS) or not (named or personal):
        return None
    return Finding(match.start("value"), match.end("value"), "ID_NUMBER", 0.7 if named else 0.6)


LABELLED_ID = Recognizer("labelled_id", ("ID_NUMBER",), find)
