from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.admin.seeds import HOSTILE
from transom.admin.marks import PREVIEW, Marks, kind


def names(markup: str) -> list[str]:
    return re.findall(r"<mark[^>]*>([^<]*)</mark>", markup)


def test_persons_are_numbered_in_the_order_they_appear_and_keep_their_number():
    marks = Marks()
    assert names(marks.show("<PERSON:k7qx> met <PERSON:m2ab> and <EMAIL_ADDRESS:k7qx>")) == [
        "Person 1",
        "Person 2",
        "Email address 1",
    ]
    assert names(marks.show("<PERSON:zzzz>, <PERSON:m2ab>")) == ["Person 3", "Person 2"]


def test_a_mark_tells_its_kind_and_tag():
    shown = str(Marks().show("<PERSON:k7qx>"))
    assert 'title="Person: redacted' in shown
    assert "k7qx" in shown


def test_what_looks_like_a_tag_of_html_is_a_placeholder_only_if_such_an_entity_was_found():
    assert names(Marks().show("<DIV> <PERSON>")) == []
    assert names(Marks.of([{"entity": "PERSON"}]).show("<DIV> <PERSON>")) == ["Person"]
    assert str(Marks().show("<DIV>")) == "&lt;DIV&gt;"


def test_previews_have_no_numbers():
    assert names(PREVIEW.show("<PERSON:k7qx> and <PERSON:m2ab>")) == ["Person", "Person"]


@pytest.mark.parametrize("text", [HOSTILE, "<PERSON:k7qx" + HOSTILE, f"<PERSON:k7qx>{HOSTILE}<PERSON:m2ab>"])
def test_hostile_text_stays_text(text: str):
    outside = re.sub(r'<mark title="[^"<>]*">[^<>]*</mark>', "", str(Marks().show(text)))
    assert not re.search(r"[<>\"']", outside)


@given(st.text(alphabet="<>&\"'PERSON:k7qx \n"))
def test_nothing_but_marks_is_markup(text: str):
    outside = re.sub(r'<mark title="[^"<>]*">[^<>]*</mark>', "", str(Marks().show(text)))
    assert not re.search(r"[<>\"']", outside)


@pytest.mark.parametrize(
    ("entity", "words"),
    [("PERSON", "Person"), ("EMAIL_ADDRESS", "Email address"), ("US_SSN", "US SSN"), ("IP_ADDRESS", "IP address")],
)
def test_kinds_in_words(entity: str, words: str):
    assert kind(entity) == words
