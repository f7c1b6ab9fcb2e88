"""What JSON keys say of their values."""

from __future__ import annotations

import pytest

from transom.redact.keys import entity_of


@pytest.mark.parametrize(
    ("key", "value", "entity"),
    [
        ("password", "hunter", "SECRET"),
        ("DB_PASSWORD", "hunter", "SECRET"),
        ("apiKey", "abc", "SECRET"),
        ("x-api-key", "abc", "SECRET"),
        ("ssn", "123456789", "US_SSN"),
        ("phoneNumber", "1712345678", "PHONE_NUMBER"),
        ("first_name", "rahim", "PERSON"),
        ("shipping_address", "Gulshan 2", "STREET_ADDRESS"),
        ("account_number", "12345678", "ID_NUMBER"),
        ("card_number", "4111", "CREDIT_CARD"),
        ("phone", "none", None),
        ("password", "", None),
        ("token", "Hello", None),
        ("max_tokens", "12", None),
        ("name", "get_weather", None),
        ("id", "12345678", None),
        (None, "x", None),
        ("password", "x" * 500, None),
    ],
)
def test_entity_of(key, value, entity):
    assert entity_of(key, value) == entity
