"""What JSON keys say of their values."""

from __future__ import annotations

import pytest

from transom.redact.keys import entity_of

RANDOM = "9f8K" + "aX72" + "mQ1z" + "Lp40" + "Vb6T"


@pytest.mark.parametrize(
    ("key", "value", "entity"),
    [
        ("password", "hunter", "SECRET"),
        ("DB_PASSWORD", "hunter", "SECRET"),
        ("apiKey", "abc", "SECRET"),
        ("x-api-key", "abc", "SECRET"),
        ("Cookie", "sid=abc", "SECRET"),
        ("signing_secret", "abc", "SECRET"),
        ("nidNumber", "1990123456", "ID_NUMBER"),
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
        ("AZURE_STORAGE_KEY", RANDOM, "SECRET"),
        ("CLOUDFLARE_API_TOKEN", RANDOM, "SECRET"),
        ("session_secret", RANDOM, "SECRET"),
        ("session_secret", "required", None),
        ("session_secret_name", RANDOM, None),
        ("next_page_token", RANDOM, None),
        ("cache_key", RANDOM, None),
        ("api_key", "{api_key}", None),
        ("x-api-key", "Bearer <your-master-key>", None),
    ],
)
def test_entity_of(key, value, entity):
    assert entity_of(key, value) == entity
