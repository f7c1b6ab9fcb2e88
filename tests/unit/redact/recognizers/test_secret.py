"""Credentials. The fake ones are put together here, so that no file holds anything like a key."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.secret import SECRET

BODY = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"


def issued() -> list[str]:
    heads = [
        "sk-",
        "sk-ant-api03-",
        "sk-proj-",
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "hf_",
        "glpat-",
        "npm_",
        "gsk_",
        "AIza",
    ]
    slack = "-".join(["xoxb", "1234567890", "abcdefghijkl"])
    aws = "AKIA" + "IOSFODNN7EXAMPLE"
    jwt = ".".join(["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0In0", "dBjftJeZ4CVP"])
    return [head + BODY for head in heads] + [slack, aws, jwt]


@pytest.mark.parametrize("key", issued(), ids=lambda key: key[:6])
@pytest.mark.parametrize("around", ["{}", "my key is {}, keep it", '{{"k": "{}"}}', "KEY={}\n"])
def test_finds_keys_by_their_prefix(taken, key, around):
    assert key in taken(SECRET, around.format(key))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("Authorization: Basic dXNlcjpwYXNz=", "dXNlcjpwYXNz="),
        ("postgres://app:hunter2@db/x", "app:hunter2"),
        ("my password is hunter2!", "hunter2"),
        ("password hunter2", "hunter2"),
        ('password="correct-horse"', "correct-horse"),
        ("api_key=abcd1234", "abcd1234"),
        ("'client_secret': 'q8w7e6r5'", "q8w7e6r5"),
        ("the PIN is 4821.", "4821"),
        ("pwd: P@ssw0rd", "P@ssw0rd"),
        ("The passcode was changed to blue42fish", "blue42fish"),
    ],
)
def test_finds_what_is_named(taken, text, value):
    assert taken(SECRET, text) == [value]


def test_finds_private_keys_whole():
    block = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow" * 40 + "\n-----END RSA PRIVATE KEY-----"
    assert [(f.start, f.end) for f in SECRET.find(f"a {block} b")] == [(2, 2 + len(block))]


def test_finds_a_private_key_that_was_cut_off():
    block = "-----BEGIN PRIVATE KEY-----\n" + "MIIEow" * 40
    assert [(f.start, f.end) for f in SECRET.find(block + "<rest>")] == [(0, len(block))]


@pytest.mark.parametrize(
    "text",
    [
        "the bearer certificates",
        "password: string",
        'api_key=os.environ["KEY"]',
        "token: str",
        "max_tokens: 1024",
        "prompt tokens 12345678",
        '"token": "Hello", "logprob": -0.1',
        "password reset for everyone",
        "the secret is out",
        "api_key=YOUR_API_KEY(1)",
        "password: ********",
        "task-based work",
        "sk-learn",
        "AKIAX",
        "password is required",
        "pin the version",
    ],
)
def test_leaves(taken, text):
    assert taken(SECRET, text) == []
