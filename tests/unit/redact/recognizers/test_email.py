"""E-mail addresses and what only looks like one."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.email import EMAIL


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("write to jane.doe+news@mail.example.co.uk, please", ["jane.doe+news@mail.example.co.uk"]),
        ("<jane@example.com>", ["jane@example.com"]),
        ("'o'brien@example.com'", ["o'brien@example.com"]),
        ("jörg@müller.de", ["jörg@müller.de"]),
        ("email=jane@example.com&x=1", ["jane@example.com"]),
        ("?to=jane%40example.com", ["jane%40example.com"]),
        ("jane [at] example [dot] com", ["jane [at] example [dot] com"]),
        ("root@10.0.0.1", ["root@10.0.0.1"]),
        ("jane@example.com_old", ["jane@example.com"]),
        ("jane＠example.com", ["jane＠example.com"]),
        ("a@b.co", ["a@b.co"]),
        ("a@b.co,c@d.co", ["a@b.co", "c@d.co"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(EMAIL, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "@app.route('/')",
        "react@18.2.0",
        "user@localhost",
        "git@github.com:org/repo",
        "a @ b.com",
        "meet @ noon",
        "x@",
        "@",
    ],
)
def test_leaves(taken, text):
    assert taken(EMAIL, text) == []
