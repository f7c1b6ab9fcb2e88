"""What the key of a JSON value says of the value."""

from __future__ import annotations

import re
from functools import lru_cache

from transom.redact.recognizers.password import is_secret_of, names_secret

_SENSITIVE = {
    "SECRET": (
        r".*(?:password|passwd|passphrase|apikey|accesskey|secretkey|privatekey|clientsecret|accesstoken|refreshtoken"
        r"|authtoken|sessiontoken|bearertoken|securitytoken|accountkey|subscriptionkey|encryptionkey|signingkey|masterkey"
        r"|signingsecret|webhooksecret|jwtsecret|recoverycodes?|backupcodes?)|pwd|pass|passcode|secret|authorization"
        r"|proxyauthorization|cookies?|setcookie|sessionid|csrftoken|idtoken|jwt|credentials?|pin|pincode|otp|cvv|cvc"
    ),
    "US_SSN": r".*(?:ssn|socialsecurity(?:number|no)?)",
    "CREDIT_CARD": r"(?:credit|debit)?card(?:number|no)|creditcard|ccnumber",
    "PHONE_NUMBER": r".*(?:phone|phonenumber|phoneno|mobilenumber|contactnumber|whatsapp)|mobile|tel|fax|msisdn",
    "ID_NUMBER": (
        r".*(?:passport|passportnumber|passportno|accountnumber|accountno|nationalid|patientid|patientnumber|employeeid"
        r"|employeenumber|licen[cs]enumber|taxid|voterid|memberid|policynumber|insurancenumber|medicalrecordnumber"
        r"|routingnumber|nationalidnumber|birthcertificatenumber)|nid|nidnumber|nidno|mrn|tin|vatid|aadhaar(?:number|no)?"
    ),
    "PERSON": r"(?:first|last|middle|full|sur|given|family|maiden|customer|patient|contact|employee|student)name",
    "STREET_ADDRESS": r"(?:street|home|billing|shipping|mailing|postal|delivery)?address(?:line)?[12]?|street(?:name)?",
}
_KEYS = {entity: re.compile(pattern) for entity, pattern in _SENSITIVE.items()}
_SEPARATORS = re.compile(r"[\s_.-]")
_WORDLIKE = frozenset({"PERSON", "STREET_ADDRESS"})
_TEMPLATE = re.compile(r"(?:\w{1,20} )?(?:\$?\{\{?[\w. -]{1,60}\}\}?|<[a-z][\w. -]{0,60}>)")
"""What documents have where a secret would be: `{api_key}`, `Bearer <your-key>`."""
_MAYBE_SECRET = "MAYBE_SECRET"  # noqa: S105
"""Its value must look like a secret too."""
_MAX_CHARS = 200
"""Longer values are texts, not values."""


def entity_of(key: str | None, value: str) -> str | None:
    """The entity that the whole of `value` is, if its key says so and it looks the part."""
    if key is None or not value or (len(value) > _MAX_CHARS or len(key) > _MAX_CHARS):
        return None
    entity = _named(key)
    if entity == "SECRET":
        return None if _TEMPLATE.fullmatch(value) else entity
    if entity == _MAYBE_SECRET:
        return "SECRET" if is_secret_of(key, value) else None
    if entity is None or entity in _WORDLIKE:
        return entity
    return entity if any(char.isdigit() for char in value) else None


@lru_cache(4096)
def _named(key: str) -> str | None:
    """What a key names, whatever its value. The same keys come again and again."""
    name = _SEPARATORS.sub("", key).lower()
    entity = next((entity for entity, pattern in _KEYS.items() if pattern.fullmatch(name)), None)
    return _MAYBE_SECRET if entity is None and names_secret(key) else entity
