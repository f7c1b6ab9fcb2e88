"""Dates in many forms and languages."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.date import BIRTH, DATE, FULL
from transom.redact.text import fold


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("on 12/05/1980 and 1980-05-12", ["12/05/1980", "1980-05-12"]),
        ("at 2020-05-12T10:11:12.123Z.", ["2020-05-12T10:11:12.123Z"]),
        ("2020-05-12 10:11:12 +0200", ["2020-05-12 10:11:12 +0200"]),
        ("am 3.10.2021 um 18 Uhr", ["3.10.2021", "18 Uhr"]),
        ("5 May 2020, May 5th, 2020", ["5 May 2020", "May 5th, 2020"]),
        ("on 3, 4 and 5 June 1999", ["3, 4 and 5 June 1999"]),
        ("between 14 November 2003 and 12 January 2004", ["14 November 2003", "12 January 2004"]),
        ("12-Mar-2019", ["12-Mar-2019"]),
        ("le 14 juillet 1990", ["14 juillet 1990"]),
        ("el 3 de mayo de 1985", ["3 de mayo de 1985"]),
        ("15 stycznia 2001 r.", ["15 stycznia 2001"]),
        ("5 мая 1999", ["5 мая 1999"]),
        ("১২ মার্চ ২০২১ তারিখে", ["১২ মার্চ ২০২১"]),
        ("15 अगस्त 1990 को", ["15 अगस्त 1990"]),
        ("in December 1994", ["December 1994"]),
        ("at 10:30 pm, 5pm and 1 p.m.", ["10:30 pm", "5pm", "1 p.m."]),
        ("on Monday and am Dienstag", ["Monday", "Dienstag"]),
        ("in 1994", ["1994"]),
    ],
)
def test_finds(longest, text, values):
    assert longest(DATE, text) == sorted(values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("two years and six months later", ["two years", "six months"]),
        ("for 18 months", ["18 months"]),
        ("the year was 1994", ["1994"]),
    ],
)
def test_finds_what_may_not_matter_with_less_score(longest, taken, text, values):
    assert longest(DATE, text, 0.3) == sorted(values)
    assert taken(DATE, text) == []


@pytest.mark.parametrize("text", ["next week", "today", "tomorrow"])
def test_relative_dates_score_least(taken, text):
    assert taken(DATE, text, 0.3) == []
    assert taken(DATE, text, 0.1) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.2020.4",
        "34 years old",
        "you may 5 times",
        "ratio 3:75",
        "99/99/9999",
        "step 12/13",
        "$1999",
        "march on",
        "x = 2020.5",
        "the 1991 Act",
        "192.168.12.12",
    ],
)
def test_leaves(taken, text):
    assert taken(DATE, text, 0.3) == []


@pytest.mark.parametrize("text", ["born on 5 May 1990", "DOB: 1990-05-05", "born May 5, 1990", "জন্ম তারিখ: ০৫/০৫/১৯৯০"])
def test_birthdays_score_more_than_other_dates(text):
    assert [finding.score for finding in DATE.find(fold(text)) if finding.score >= FULL] == [BIRTH]
