"""Presidio's checked national ids."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("NINO AB 12 34 56 C", "AB 12 34 56 C", "UK_NINO"),
        ("DNI 12345678Z", "12345678Z", "ES_NIF"),
        ("codice RSSMRA85T10A562S", "RSSMRA85T10A562S", "IT_FISCAL_CODE"),
        ("hetu 131052-308T", "131052-308T", "FI_PERSONAL_IDENTITY_CODE"),
        ("PESEL 44051401359", "44051401359", "PL_PESEL"),
        ("PAN ABCPE1234F", "ABCPE1234F", "IN_PAN"),
        ("aadhaar 2345 6789 1238", "2345 6789 1238", None),
    ],
)
def test_finds(logs, text, value, entity):
    spans = logs.find([text])[0]
    assert any(text[s.start : s.end] == value and entity in (None, s.entity) for s in spans)


@pytest.mark.parametrize("text", ["12345678A", "1731412345", "ABCDE1234F", "sha1 da39a3ee5e6b4b0d"])
def test_leaves_what_fails_its_check(logs, text):
    assert logs.find([text]) == [()]
