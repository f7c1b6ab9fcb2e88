"""URLs with a scheme or `www.`."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.url import URL


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("see https://example.com/a?b=c.", ["https://example.com/a?b=c"]),
        ("(http://example.com/jane)", ["http://example.com/jane"]),
        ("postgres://user:pw@db.internal:5432/app", ["postgres://user:pw@db.internal:5432/app"]),
        ("go to www.example.com/jane!", ["www.example.com/jane"]),
        ("http://localhost:8000/x?token=1", ["http://localhost:8000/x?token=1"]),
        ("[link](https://example.com/x)", ["https://example.com/x"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(URL, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "foo.bar",
        "import os.path",
        "http://localhost:4000/v1",
        "http://127.0.0.1/x",
        'f"http://{host}/"',
        "a://",
        "std::www.",
        "10:30",
    ],
)
def test_leaves(taken, text):
    assert taken(URL, text) == []
