"""Dates, times of day, days of the week, years and spans of time, in the languages of months.txt.

Figures are found by their form, the rest by its words: months, days, and the like, of which one pass over the text says
where they stand. Each is looked at with its neighbours only, so the time is linear.
months.txt and weekdays.txt are made from Unicode CLDR (Unicode License v3) by evals/redaction/word_lists.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import LETTER, alternatives, spot, vocabulary, word_list
from transom.redact.text import has_digit

BIRTH, FULL, PART, FAINT, RELATIVE = 0.9, 0.7, 0.5, 0.35, 0.2
"""A date of birth; one with a day and a month; a year after `in`, a time or a day of the week; any other year, `two
months`; `next week`."""

_MONTHS = word_list("months.txt")
_DAYS = word_list("weekdays.txt")
_DOUBTFUL = frozenset({"may", "march", "mar", "mars", "jan", "august", "mai", "sept", "dec", "mart", "dic", "bře"})
"""Months in lower case that are as often something else: these need a day and a year, or the case of a name."""

_NUMERIC = re.compile(
    r"[0-9](?<![\w.,/$€£-].)(?:[0-9]{3}([-/.])[0-9]{1,2}\1[0-9]{1,2}"
    r"|[0-9]?([-/.])[0-9]{1,2}\2(?:[0-9]{4}|[0-9]{2}))"
    r"(?:(?:T|,? )[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?)?"
    r"(?: ?[ap]\.?m\b)?(?![\w/]|[.-][0-9])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"[0-9](?<![\w.:,/$€£-].)(?:[0-9]?:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?: ?[ap]\.?m\b\.?)?"
    r"|[0-9]? ?[ap]\.?m\b\.?|[0-9]? ?h ?[0-5][0-9]|[0-9]? Uhr)(?![\w:])",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"[12](?<![\w.,/$€£:+#=-].)[0-9]{3}(?:s|er|[-/][0-9]{2}(?:[0-9]{2})?)?"
    r"(?![\w/:%]|[.,-][0-9]| (?:Act|Law|Convention|Code)\b)"
)
_BORN = re.compile(
    r"(?:\b(?:born(?: on| in)?|birth(?: ?date|day)?(?: is| was| on)?|dob|d\.o\.b\.?|n[ée]e? le"
    r"|geb(?:oren)?\.?(?: am)?|nacid[oa] el|nat[oa] il)|জন্ম|জন্মতারিখ|জন্ম তারিখ|जन्म|जन्मतिथि|जन्म तिथि)[\s:=\"'-]{0,4}\Z",
    re.IGNORECASE,
)
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th|er|º|ª|[.])?"
_BEFORE_MONTH = re.compile(
    rf"(?<![\w.,/])({_DAY}(?:(?:, | ?- ?|/| and | to | und | et | y | e | i | au | bis ){_DAY}){{0,3}}"
    r"(?:[ -]|\. ?| of | day of | de | di |/)|(?:early|late|mid|the end of|end of|beginning of)[- ])\Z",
    re.IGNORECASE,
)
_AFTER_MONTH = re.compile(
    rf"\.?(?:[ -](?P<day>{_DAY})(?![\w:%])(?! ?(?:%|percent))(?:(?:, ?| ?- ?| and | to ){_DAY}(?![\w:]))?)?"
    r"(?P<year>(?:,? |[-/]|, ?| of | de | del |\. ?)(?:[12][0-9]{3}|'[0-9]{2})(?![\w])|[-/ ][0-9]{2}(?![\w:]))?",
    re.IGNORECASE,
)
_YEAR_CUES = vocabulary(
    "in since of by from until till between and year during before after around circa late early mid for to class "
    "the through en em im jahr seit bis von année depuis desde año dal nel anno roku rok w yılında году год года "
    "সালে সাল साल में"
)
_YEAR_CUE = re.compile(rf"(?:(?:^|[^{LETTER}])(?:{alternatives(_YEAR_CUES)}) ?|[(–-] ?)\Z", re.IGNORECASE)
_PERIODS = vocabulary("minute hour day night week fortnight month year decade quarter semester weekend")
_NUMBERS = vocabulary(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred half"
)
_PERIOD_WORDS = frozenset(_PERIODS) | {f"{period}s" for period in _PERIODS}
_AMOUNT = re.compile(
    rf"(?<![\w.,$€£-])(?:(?:{alternatives(_NUMBERS)}|[0-9]{{1,3}}(?:[.,][0-9])?)"
    r"(?: and a | and | or | to |-| )?){1,5}\Z",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?<!\w)(?:next|last|this|past|previous|following|coming) \Z", re.IGNORECASE)
_AGE = re.compile(r"s?[ -](?:old|of age)", re.IGNORECASE)
_TODAY = vocabulary(
    "today tomorrow yesterday tonight heute morgen gestern aujourd demain hier hoy ayer mañana oggi domani ieri "
    "hoje ontem amanhã আজ গতকাল আগামীকাল आज"
)


def find(text: str) -> Iterator[Finding]:
    """Those with figures, by months and days of the week, years, and relative ones. Score: see `BIRTH`."""
    if has_digit(text):
        yield from _find_numeric(text)
        yield from _find_months(text)
        yield from _find_years(text)
    for start, word in spot(text, _DAYS):
        yield Finding(start, start + len(word), "DATE_TIME", PART)
    yield from _find_periods(text)
    for start, word in spot(text, _TODAY):
        yield Finding(start, start + len(word), "DATE_TIME", RELATIVE)


def _find_numeric(text: str) -> Iterator[Finding]:
    for match in _NUMERIC.finditer(text):
        if _is_date(match.group()):
            yield _scored(text, match.start(), match.end(), FULL)
    for match in _TIME.finditer(text):
        yield Finding(match.start(), match.end(), "DATE_TIME", PART)


def _is_date(value: str) -> bool:
    """Whether the figures may be a day, a month and a year in some order."""
    first, second, third = map(int, re.findall("[0-9]+", value)[:3])
    if first > 31:
        return 1000 < first < 2200 and 0 < second <= 12 and 0 < third <= 31
    return 0 < min(first, second) <= 12 and 0 < max(first, second) <= 31 and (third < 100 or 1000 < third < 2200)


def _scored(text: str, start: int, end: int, score: float) -> Finding:
    """With the score of a birthday, if what stands before says so."""
    born = _BORN.search(text, max(0, start - 24), start)
    return Finding(start, end, "DATE_TIME", BIRTH if born else score)


def _find_months(text: str) -> Iterator[Finding]:
    for start, word in spot(text, _MONTHS):
        before = _BEFORE_MONTH.search(text, max(0, start - 40), start)
        after = _AFTER_MONTH.match(text, start + len(word))
        if not after:
            continue
        day, year = bool(before and before.group()[0].isdigit()) or bool(after["day"]), bool(after["year"])
        sure = word not in _DOUBTFUL or text[start].isupper() or (day and year)
        if sure and (day or year):
            yield _scored(text, before.start() if before else start, after.end(), FULL if day else PART)
        elif text[start].isupper() and word not in _DOUBTFUL and len(word) > 3:
            yield Finding(start, start + len(word), "DATE_TIME", FAINT)


def _find_years(text: str) -> Iterator[Finding]:
    for match in _YEAR.finditer(text):
        if 1700 <= int(match.group()[:4]) < 2100:
            cued = _YEAR_CUE.search(text, max(0, match.start() - 12), match.start())
            yield _scored(text, match.start(), match.end(), PART if cued else FAINT)


def _find_periods(text: str) -> Iterator[Finding]:
    """`two years and six months`, `next week`."""
    for start, word in spot(text, _PERIOD_WORDS):
        end = start + len(word)
        if amount := _AMOUNT.search(text, max(0, start - 40), start):
            if not _AGE.match(text, end):
                yield Finding(amount.start(), end, "DATE_TIME", FAINT)
        elif relative := _RELATIVE.search(text, max(0, start - 12), start):
            yield Finding(relative.start(), end, "DATE_TIME", RELATIVE)


DATE = Recognizer("date", ("DATE_TIME",), find)
