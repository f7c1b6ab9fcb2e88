"""The two passes of a walk."""

from __future__ import annotations

import base64

import pytest

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile
from transom.redact.rules import Collecting, Replacing, replace
from transom.types import EntityHash

PLACEHOLDERS = Placeholders(b"k")


class Nobody:
    """A model that finds no names."""

    entities = ("PERSON",)
    words_only = True

    def find_all(self, texts):
        return [[] for _ in texts]


@pytest.fixture(scope="module")
def rules() -> Replacing:
    return Replacing(Finder(Profile(threshold=0.5)), PLACEHOLDERS, {}, index=True)


def test_collecting_gathers_texts_and_changes_nothing():
    collecting = Collecting(PLACEHOLDERS)
    assert collecting.leaf("a@b.co", None) == ("a@b.co", [])
    assert collecting.leaf("hunter", "password").text == "hunter"
    assert collecting.ident("a@b.co") == "a@b.co"
    assert collecting.number("1", None).text == "1"
    assert list(collecting.texts) == ["a@b.co"]


def test_replace_marks_where_placeholders_stand():
    result = replace("a bb c dd", [Span(2, 4, "A", "r"), Span(7, 9, "B", "q")], Placeholders(b"", plain=True).make)
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


def test_what_was_found_before_is_not_looked_for_again(rules):
    known = Replacing(rules._finder, PLACEHOLDERS, {"a@b.co and x": [Span(11, 12, "PERSON", "r")]}, index=False)
    assert known.leaf("a@b.co and x", None).text.startswith("a@b.co and <PERSON:")


def test_the_index_holds_a_hash_of_each_value_and_its_tag_is_the_placeholders():
    finder = Finder(Profile(threshold=0.5))
    rules = Replacing(finder, PLACEHOLDERS, {}, index=True)
    text = rules.leaf("a@b.co, A@B.co and c@d.co", None).text
    rules.ident("c@d.co")
    assert rules.entities == {
        EntityHash("EMAIL_ADDRESS", PLACEHOLDERS.hash("EMAIL_ADDRESS", value)) for value in ("a@b.co", "c@d.co")
    }
    for entity in rules.entities:
        tag = base64.b32encode(entity.hash[:5])[:4].decode().lower()
        assert f"<EMAIL_ADDRESS:{tag}>" in text


def test_without_an_index_nothing_is_hashed():
    rules = Replacing(Finder(Profile(threshold=0.5)), PLACEHOLDERS, {}, index=False)
    rules.leaf("a@b.co", None)
    assert rules.entities == set()


def test_languages_that_the_model_does_not_read_are_noted_where_there_is_a_model():
    finder = Finder(Profile(threshold=0.5))
    rules = Replacing(finder, PLACEHOLDERS, {}, index=False)
    rules.leaf("\u09b0\u09b9\u09bf\u09ae", None)
    assert rules.unread == set()
    finder.models.append(Nobody())
    rules.leaf("\u09b0\u09b9\u09bf\u09ae", None)
    assert rules.unread == {"bn"}
