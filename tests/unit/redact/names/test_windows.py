"""Cutting texts for the model."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.redact.names.windows import OVERLAP_CHARS, WINDOW_CHARS, Range, pack, sentences


def texts_of(text: str) -> list[str]:
    return [text[part.start : part.end] for part in sentences(text)]


def test_a_text_is_cut_after_sentences_and_lines():
    text = "This is the first sentence. This is the second sentence!\nAnd this here is the third one"
    assert texts_of(text) == [
        "This is the first sentence.",
        "This is the second sentence!",
        "And this here is the third one",
    ]


def test_what_is_short_is_read_with_what_follows():
    assert texts_of("Name:\nJane Roe\nShe is a friend of Dr. Doe of Leeds.") == [
        "Name:\nJane Roe\nShe is a friend of Dr.",
        "Doe of Leeds.",
    ]
    assert texts_of("Dear Dr. Roe, how are you?") == ["Dear Dr. Roe, how are you?"]


def test_hashes_and_base64_are_not_read():
    assert texts_of("The key " + "Ab1/" * 20 + " is of Jane") == ["The key ", " is of Jane"]
    assert texts_of('{"name":"Jane","email":"jane@example.com","city":"Leeds","country":"UK","ok":true}')


def test_a_name_at_the_seam_of_a_long_sentence_is_whole_in_one_part():
    text = "Jane Mary Doe, " * 100
    parts = list(sentences(text))
    assert all(part.end - part.start <= WINDOW_CHARS for part in parts)
    for one, other in pairwise(parts):
        assert one.end - other.start >= OVERLAP_CHARS
        assert not text[one.end].isalnum() or not text[one.end - 1].isalnum()


@given(st.lists(st.sampled_from(["Jane", "é.", "12", "漢字", "word" * 9, "\n", "a,b;"]), max_size=300))
def test_parts_are_bounded_and_in_order_and_leave_out_nothing(words: list[str]):
    text = " ".join(words)
    parts = list(sentences(text))
    assert all(0 < part.end - part.start <= WINDOW_CHARS for part in parts)
    assert parts == sorted(parts)
    covered = {i for part in parts for i in range(part.start, part.end)}
    assert all(i in covered for i, char in enumerate(text) if not char.isspace())


@pytest.mark.parametrize("text", ["a.b " * 16_000, "x" * 64_000, "\n" * 64_000, "A. " * 21_000, "é," * 32_000])
def test_the_number_of_parts_is_linear_in_the_length(text: str):
    assert len(list(sentences(text))) <= len(text) / 20
    assert len(pack(sentences(text))) <= len(text) / 160


def test_neighbours_are_packed_while_they_fit():
    assert pack([Range(0, 100), Range(101, 300), Range(301, 330)]) == [Range(0, 300), Range(301, 330)]
    assert pack([Range(0, 100), Range(110, 200)]) == [Range(0, 100), Range(110, 200)]
    assert pack([]) == []
