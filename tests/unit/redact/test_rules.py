"""The two passes of a walk."""

from __future__ import annotations

import pytest

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile
from transom.redact.rules import Collecting, Replacing, replace

PLACEHOLDERS = Placeholders(b"k")


@pytest.fixture(scope="module")
def rules() -> Replacing:
    return Replacing(Finder(Profile(threshold=0.5)), PLACEHOLDERS)


def test_collecting_gathers_texts_and_changes_nothing():
    collecting = Collecting(PLACEHOLDERS)
    assert collecting.leaf("a@b.co", None) == ("a@b.co", [])
    assert collecting.leaf("hunter", "password").text == "hunter"
    assert collecting.ident("a@b.co") == "a@b.co"
    assert collecting.number("1", None).text == "1"
    assert collecting.texts == ["a@b.co"]


def test_replace_marks_where_placeholders_stand():
    result = replace("a bb c dd", [Span(2, 4, "A", "r"), Span(7, 9, "B", "q")], Placeholders(b"", plain=True))
    assert result.text == "a <A> c <B>"
    assert [(result.text[m.start : m.end], m.entity, m.recognizer) for m in result.marks] == [
        ("<A>", "A", "r"),
        ("<B>", "B", "q"),
    ]


def test_a_telling_key_takes_the_whole_value(rules):
    assert rules.leaf("correct horse", "password").text.startswith("<SECRET:")
    assert rules.leaf("<SECRET:aaaa>", "password").text == "<SECRET:aaaa>"


def test_numbers(rules):
    assert rules.number("1731412345123", "created").text == "1731412345123"
    assert rules.number("1712345678", "phone").text.startswith("<PHONE_NUMBER:")
    assert rules.number("4111111111111111", "n").text.startswith("<CREDIT_CARD:")
    assert rules.number("0.4111111111111111", "n").text == "0.4111111111111111"


def test_ids_keep_what_is_no_personal_data(rules):
    assert rules.ident("user-42") == "user-42"
    assert rules.ident("jane@example.com") == PLACEHOLDERS.make("EMAIL_ADDRESS", "jane@example.com")
