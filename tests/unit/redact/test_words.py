"""What a word is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.redact.words import LONGEST_WORD, distinct_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Jane  DOE,\n42b", ["jane", "doe", "42b"]),
        ("jane_doe@x-y.org", ["jane", "doe", "x", "y", "org"]),
        ("Straße ÉLAN e\u0301lan", ["strasse", "élan", "élan"]),
        ("রহিমা খাতুন।", ["রহিমা", "খাতুন"]),
        ("山田太郎さん", ["山", "田", "太", "郎", "さ", "ん"]),
        ("id山田x", ["id", "山", "田", "x"]),
        ("", []),
        ("<>!?", []),
    ],
)
def test_words_are_runs_of_letters_marks_and_numbers(text: str, words: list[str]):
    assert [word.text for word in words_of(text)] == words
    assert distinct_words(text) == set(words)


def test_what_is_too_long_is_no_word():
    long = "x" * (LONGEST_WORD + 1)
    assert [word.text for word in words_of(f"a {long} b")] == ["a", "b"]


@given(st.text())
def test_words_stand_where_they_say(text: str):
    end = 0
    for word in words_of(text):
        assert end <= word.start < word.end <= len(text)
        assert not any(char.isspace() for char in text[word.start : word.end])
        end = word.end
