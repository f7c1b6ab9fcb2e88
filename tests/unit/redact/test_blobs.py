"""Bytes in base64, wherever they stand."""

from __future__ import annotations

import pytest

from transom.redact.blobs import Bytes, decoded_size, is_summary, read_bytes

BASE64 = "iVBORw0KGgo" * 20 + "=="


@pytest.mark.parametrize(
    ("text", "key", "found"),
    [
        ("data:image/png;base64,AAAA", None, Bytes("image/png", "AAAA")),
        ("DATA:text/plain;charset=utf-8,a%20b", None, Bytes("text/plain", "a%20b")),
        ("data:;base64,AAAA", None, Bytes(None, "AAAA")),
        (BASE64, "data", Bytes(None, BASE64)),
        (BASE64, "b64_json", Bytes(None, BASE64)),
    ],
)
def test_bytes(text, key, found):
    assert read_bytes(text, key) == found


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("data: {}", None),
        ("data:we have, and more", None),
        ("data:image/png;base64,AAAA and more", None),
        (BASE64, "text"),
        ("short", "data"),
        ("words " * 50, "data"),
    ],
)
def test_no_bytes(text, key):
    assert read_bytes(text, key) is None


def test_a_summary_holds_nothing_else():
    summary = {"type": "blob", "mime_type": "image/png", "size": 3, "digest": "ab" * 16}
    assert is_summary(summary)
    assert not is_summary(summary | {"size": "jane@example.com"})
    assert not is_summary(summary | {"digest": "jane"})
    assert not is_summary(summary | {"note": "jane"})
    assert not is_summary(summary | {"type": "file"})


def test_the_size_is_that_of_the_bytes():
    assert decoded_size("AAAA") == 3
    assert decoded_size("no base64!") == 10
