"""Escapes and folding."""

from __future__ import annotations

import pytest

from transom.redact.text import fold, has_digit, visible, without_uuids


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


def test_uuids_are_blanked_and_nothing_else():
    text = "a 12345678-1234-1234-1234-123456789012 b 1234-5678"
    assert without_uuids(text) == "a " + "x" * 36 + " b 1234-5678"


def test_digits_are_ascii_ones():
    assert has_digit("a1")
    assert not has_digit("a")
