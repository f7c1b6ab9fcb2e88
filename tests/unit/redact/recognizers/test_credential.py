"""Credentials in headers, URLs and commands."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.credential import CREDENTIAL


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("Authorization: Basic dXNlcjpwYXNz=", "dXNlcjpwYXNz="),
        ('"authorization": "Bearer abc123def456"', "abc123def456"),
        ("authorization: 0123456789abcdef", "0123456789abcdef"),
        ('Authorization: Digest username="bob", response="6629fae4"\r\nHost: x', 'username="bob", response="6629fae4"'),
        ("headers={'Authorization': 'Token abc12345'}", "abc12345"),
        ("Cookie: sid=abc123; theme=dark\r\nHost: x", "sid=abc123; theme=dark"),
        ("Set-Cookie: sid=abc123", "sid=abc123"),
        ("postgres://app:hunter2@db/x", "app:hunter2"),
        ("redis://:hunter2@cache:6379/0", ":hunter2"),
        ("postgres://app:p@ss/w0rd@db:5432/x", "app:p@ss/w0rd"),
        ("https://hooks.slack.com/services/T00/B00/abcdefgh", "T00/B00/abcdefgh"),
        ("curl -u bob:hunter2 https://example.com", "bob:hunter2"),
        ("mysql -u root -pS3cret! shop", "S3cret!"),
        ("get(url, auth=('bob', 'hunter2'))", "hunter2"),
        ("sshpass -p 'blue42' ssh x", "blue42"),
    ],
)
def test_finds(taken, text, value):
    assert taken(CREDENTIAL, text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "the bearer certificates",
        "Authorization: required",
        "Authorization: Bearer <token>",
        "Authorization: Bearer $TOKEN",
        "basic knowledge",
        "cookie: yes",
        "the cookie jar",
        "http://localhost:3000/@scope/pkg/",
        "https://example.com:8443/path",
        "curl -u https://example.com",
        "mysql -p",
        "mongo is a database",
    ],
)
def test_leaves(taken, text):
    assert taken(CREDENTIAL, text) == []
