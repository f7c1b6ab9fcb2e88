"""The pattern recognizers that every profile runs: no dependency, no state, linear in the length of the text.

They are plain functions and not Presidio's classes, because the `fast` profile, ids and metadata-only records are
redacted without Presidio, whose import takes spaCy with it.
"""

from __future__ import annotations

from transom.plugins import RecognizerRegistry, hookimpl
from transom.redact.finding import Recognizer
from transom.redact.recognizers.aadhaar import AADHAAR
from transom.redact.recognizers.address import ADDRESS
from transom.redact.recognizers.age import AGE
from transom.redact.recognizers.blob import BLOB
from transom.redact.recognizers.card import CARD
from transom.redact.recognizers.case_number import CASE_NUMBER
from transom.redact.recognizers.credential import CREDENTIAL
from transom.redact.recognizers.date import DATE
from transom.redact.recognizers.email import EMAIL
from transom.redact.recognizers.iban import IBAN
from transom.redact.recognizers.indic import INDIC
from transom.redact.recognizers.ip import IP
from transom.redact.recognizers.labelled_id import LABELLED_ID
from transom.redact.recognizers.name import NAME
from transom.redact.recognizers.nrp import NRP
from transom.redact.recognizers.password import PASSWORD
from transom.redact.recognizers.phone import PHONE
from transom.redact.recognizers.place import PLACE
from transom.redact.recognizers.private_key import PRIVATE_KEY
from transom.redact.recognizers.ssn import SSN
from transom.redact.recognizers.token import TOKEN
from transom.redact.recognizers.url import URL

PATTERNS: tuple[Recognizer, ...] = (
    EMAIL,
    URL,
    IP,
    PHONE,
    CARD,
    IBAN,
    SSN,
    TOKEN,
    PRIVATE_KEY,
    CREDENTIAL,
    PASSWORD,
    LABELLED_ID,
    AADHAAR,
    ADDRESS,
    NAME,
    DATE,
    PLACE,
    NRP,
    AGE,
    CASE_NUMBER,
    INDIC,
    BLOB,
)


@hookimpl
def register_recognizers(registry: RecognizerRegistry) -> None:
    """Registered as any plugin's are."""
    for recognizer in PATTERNS:
        registry.add(recognizer)
