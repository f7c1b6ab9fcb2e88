"""What the key of a JSON value says of the value."""

from __future__ import annotations

import re

_SENSITIVE = {
    "SECRET": (
        r".*(?:password|passwd|passphrase|apikey|accesskey|secretkey|privatekey|clientsecret|accesstoken|refreshtoken"
        r"|authtoken|sessiontoken|bearertoken)|pwd|passcode|secret|authorization|proxyauthorization|cookie|setcookie"
        r"|credentials?|pin|pincode|otp|cvv|cvc"
    ),
    "US_SSN": r".*(?:ssn|socialsecurity(?:number|no)?)",
    "CREDIT_CARD": r"(?:credit|debit)?card(?:number|no)|creditcard|ccnumber",
    "PHONE_NUMBER": r".*(?:phone|phonenumber|phoneno|mobilenumber|contactnumber|whatsapp)|mobile|tel|fax|msisdn",
    "ID_NUMBER": (
        r".*(?:passport|passportnumber|passportno|accountnumber|accountno|nationalid|patientid|patientnumber|employeeid"
        r"|employeenumber|licen[cs]enumber|taxid|voterid|memberid|policynumber)|nid|mrn|tin|aadhaar"
    ),
    "PERSON": r"(?:first|last|middle|full|sur|given|family|maiden|customer|patient|contact|employee|student)name",
    "STREET_ADDRESS": r"(?:street|home|billing|shipping|mailing|postal|delivery)?address(?:line)?[12]?|street(?:name)?",
}
_KEYS = {entity: re.compile(pattern) for entity, pattern in _SENSITIVE.items()}
_SEPARATORS = re.compile(r"[\s_.-]")
_WORDLIKE = frozenset({"SECRET", "PERSON", "STREET_ADDRESS"})
_MAX_CHARS = 200
"""Longer values are texts, not values."""


def entity_of(key: str | None, value: str) -> str | None:
    """The entity that the whole of `value` is, if its key says so and it looks the part."""
    if key is None or not value or (len(value) > _MAX_CHARS or len(key) > _MAX_CHARS):
        return None
    name = _SEPARATORS.sub("", key).lower()
    entity = next((entity for entity, pattern in _KEYS.items() if pattern.fullmatch(name)), None)
    if entity is None or entity in _WORDLIKE:
        return entity
    return entity if any(char.isdigit() for char in value) else None
