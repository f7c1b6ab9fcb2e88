"""What looks like a secret."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.secrecy import is_mixed, is_random, is_stand_in


@pytest.mark.parametrize(
    "value",
    [
        "string",
        "None",
        "${TOKEN}",
        "<your key>",
        "{password}",
        "get_password(",
        "self.password",
        "YOUR_API_KEY",
        "******",
        "$TOKEN",
        "/etc/ssl/key.pem",
    ],
)
def test_stand_ins(value):
    assert is_stand_in(value)


@pytest.mark.parametrize(
    "value", ["hunter2", "Tiger#99", "correct-horse", "letmein", "a1b2c3d4", "$ecret99", "/aB3dE5gH7jK9mN1p"]
)
def test_no_stand_ins(value):
    assert not is_stand_in(value)


def test_mixed_values_have_letters_and_digits_or_signs():
    assert is_mixed("hunter2")
    assert is_mixed("p@ss")
    assert not is_mixed("word")
    assert not is_mixed("2024")


@pytest.mark.parametrize("value", ["a3f5" * 8, "aB3dE5gH7jK9mN1p", "yGLdoZSA9HvFISeZloWBRuYy"])
def test_random_values(value):
    assert is_random(value)


@pytest.mark.parametrize(
    "value",
    [
        "gpt-4o-2024-08-06",
        "us-east-1-production",
        "abcd12f2-46da-4fdb-b8d5-fbd4c466928f",
        "CustomerAccountIdentifier",
        "ServerlessV2PlatformVersions",
    ],
)
def test_names_are_not_random(value):
    assert not is_random(value)
