"""IBANs: country, length, check digits."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.iban import IBAN


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("GB82WEST12345698765432", ["GB82WEST12345698765432"]),
        ("to GB82 WEST 1234 5698 7654 32 IS", ["GB82 WEST 1234 5698 7654 32"]),
        ("de89370400440532013000", ["de89370400440532013000"]),
        ("NO93 8601 1117 947.", ["NO93 8601 1117 947"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(IBAN, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "GB82WEST12345698765433",
        "GB82WEST1234569876543",
        "XX82WEST12345698765432",
        "AGB82WEST12345698765432",
        "GB82WEST123456987654321",
        "3fa85f64-ad66-4000-8123-123456789012",
    ],
)
def test_leaves(taken, text):
    assert taken(IBAN, text) == []
