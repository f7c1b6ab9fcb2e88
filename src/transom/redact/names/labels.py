"""What the model's labels are called here."""

from __future__ import annotations

ENTITY = {
    "GIVEN_NAME": "PERSON",
    "SURNAME": "PERSON",
    "CITY": "LOCATION",
    "STATE": "LOCATION",
    "BUILDING_NUMBER": "STREET_ADDRESS",
    "STREET_NAME": "STREET_ADDRESS",
    "SECONDARY_ADDRESS": "STREET_ADDRESS",
    "ZIP_CODE": "STREET_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "TAX_ID": "ID_NUMBER",
    "BANK_ACCOUNT": "ID_NUMBER",
    "ROUTING_NUMBER": "ID_NUMBER",
    "GOVERNMENT_ID": "ID_NUMBER",
    "PASSPORT": "ID_NUMBER",
    "DRIVERS_LICENSE": "ID_NUMBER",
}
"""Rampart's types by the entity that their findings get. E-mail addresses and URLs are left to patterns, which miss
none."""

ENTITIES = tuple(sorted(set(ENTITY.values())))
