"""Social security numbers."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.ssn import SSN


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("123-45-6789", ["123-45-6789"]),
        ("ssn: 123 45 6789", ["123 45 6789"]),
        ("SSN 123456789", ["123456789"]),
        ("my social security number is 123-45-6789.", ["123-45-6789"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(SSN, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456",
        "123-00-4567",
        "123-45-0000",
        "666-12-3456",
        "1123-45-6789",
        "123-45-67890",
        "123456789",
        "2024-01-15",
    ],
)
def test_leaves(taken, text):
    assert taken(SSN, text) == []
