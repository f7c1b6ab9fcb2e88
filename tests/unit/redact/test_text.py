"""Escapes and folding."""

from __future__ import annotations

import pytest

from transom.redact.text import ascii_lower, fold, has_digit, in_uuid, occurrences, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("é😀", "é😀"), ("a\x00b", r"a\u0000b"), ("a\ud800b\udfff", r"a\ud800b\udfff")],
)
def test_what_cannot_be_stored_is_spelt_out(text, shown):
    assert visible(text) == shown
    assert visible(shown) == shown
    assert shown.encode()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("০১৭", "017"),
        ("٣", "3"),
        ("a\u00a0b\u2003c", "a b c"),
        ("1\u20112–3", "1-2-3"),
        ("ａ＠ｂ", "a@b"),
        ("ß日x", "ß日x"),
    ],
)
def test_folding_keeps_the_length(text, folded):
    assert fold(text) == folded
    assert len(fold(text)) == len(text)


def test_digits_of_a_uuid_are_told_from_others():
    text = "a 12345678-1234-1234-1234-123456789012 b 1234-5678"
    assert in_uuid(text, 2, 10)
    assert in_uuid(text, 25, 38)
    assert not in_uuid(text, 41, 50)
    assert not in_uuid("12345678-1234-1234-1234-1234567890123", 0, 8)


def test_digits_are_ascii_ones():
    assert has_digit("a1")
    assert not has_digit("a")


@pytest.mark.parametrize(("text", "lowered"), [("ABC", "abc"), ("İÉx", "??x"), ("\ud800A😀", "?a?")])
def test_lower_case_keeps_the_length(text, lowered):
    assert ascii_lower(text) == lowered
    assert len(ascii_lower(text)) == len(text)


def test_occurrences_are_found_word_by_word_without_overlaps():
    assert list(occurrences("aaa b aab", ("aa", "b"))) == [0, 6, 4, 8]
