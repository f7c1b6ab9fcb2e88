from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.redaction.alignment import Altered, removed
from transom.redact.placeholders import Placeholders

TAGS = Placeholders(b"k" * 32)


def redact(text: str, *values: str) -> str:
    """The text with a placeholder for the first occurrence of each value."""
    for value in values:
        text = text.replace(value, TAGS.make("PERSON", value), 1)
    return text


def found(original: str, redacted: str) -> list[str]:
    return [original[start:end] for start, end, _ in removed(original, redacted, TAGS)]


def test_nothing_was_removed():
    assert removed("as it was", "as it was", TAGS) == []


def test_where_the_placeholders_stood():
    text = "call Ann Lee now"
    assert removed(text, redact(text, "Ann Lee"), TAGS) == [(5, 12, "PERSON")]


def test_words_that_occur_within_a_value_do_not_end_it():
    # " or " is in the first name as well as after it.
    text = "ask Ann or Lee or Bob"
    assert found(text, redact(text, "Ann or Lee", "Bob")) == ["Ann or Lee", "Bob"]


def test_values_side_by_side():
    text = "AnnBob"
    assert found(text, redact(text, "Ann", "Bob")) == ["Ann", "Bob"]


def test_a_number_of_json_that_became_a_string():
    placeholder = TAGS.make("CREDIT_CARD", "4111111111111111")
    assert found('{"n": 4111111111111111, "b": 1}', f'{{"n": "{placeholder}", "b": 1}}') == ["4111111111111111"]


def test_an_escaped_value_is_found_by_what_stands_around_it():
    placeholder = TAGS.make("PERSON", "Ann\nLee")
    assert found(r'{"n": "Ann\nLee", "b": 1}', f'{{"n": "{placeholder}", "b": 1}}') == [r"Ann\nLee"]


@pytest.mark.parametrize("redacted", ["as it wasn't", "as", "", f"AS {TAGS.make('PERSON', 'it')} was", "as it was!"])
def test_a_text_that_was_altered_otherwise(redacted: str):
    with pytest.raises(Altered):
        removed("as it was", redacted, TAGS)


@given(
    st.lists(st.tuples(st.text("ab ", max_size=4), st.text("abc", min_size=1, max_size=4)), max_size=5), st.text("ab")
)
def test_any_text_can_be_aligned_again(pieces: list[tuple[str, str]], tail: str):
    original = "".join(literal + value for literal, value in pieces) + tail
    redacted = "".join(literal + TAGS.make("PERSON", value) for literal, value in pieces) + tail
    assert found(original, redacted) == [value for _, value in pieces]
