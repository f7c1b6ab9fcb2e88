"""Where a text names a secret."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.secret_names import Kind, names


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DB_PASSWORD=", Kind.PASSWORD),
        ("userPassword:", Kind.PASSWORD),
        ("Passwörter, пароль:", Kind.PASSWORD),
        ("pass:", Kind.PASS),
        ("client_secret", Kind.SECRET),
        ("API_KEY", Kind.SECRET),
        ("x-api-key", Kind.SECRET),
        ("accessToken", Kind.SECRET),
        ("STAGING_KEY", Kind.KEY),
        ("the token", Kind.KEY),
        ("my PIN", Kind.CODE),
        ("security code", Kind.CODE),
    ],
)
def test_tells_the_kind(text, kind):
    assert [name.kind for name in names(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "bypass",
        "spinning",
        "status code",
        "primary_key",
        "next_page_token",
        "tokenizer",
        "keyboard",
        "arn:aws:secretsmanager:eu:1:secret:x",
        "passage",
    ],
)
def test_leaves_other_words(text):
    assert list(names(text)) == []


def test_a_name_ends_with_its_noun():
    assert next((name.start, name.end) for name in names("the secret access key:")) == (4, 21)
