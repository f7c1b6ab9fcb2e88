"""The pattern recognizers that every profile runs: no dependency, no state, linear in the length of the text.

They are plain functions and not Presidio's classes, because the `fast` profile, ids and metadata-only records are
redacted without Presidio, whose import takes spaCy with it.
"""

from __future__ import annotations

from transom.plugins import RecognizerRegistry, hookimpl
from transom.redact.finding import Recognizer
from transom.redact.recognizers.address import ADDRESS
from transom.redact.recognizers.blob import BLOB
from transom.redact.recognizers.card import CARD
from transom.redact.recognizers.email import EMAIL
from transom.redact.recognizers.iban import IBAN
from transom.redact.recognizers.ip import IP
from transom.redact.recognizers.labelled_id import LABELLED_ID
from transom.redact.recognizers.name import NAME
from transom.redact.recognizers.phone import PHONE
from transom.redact.recognizers.secret import SECRET
from transom.redact.recognizers.ssn import SSN
from transom.redact.recognizers.url import URL

PATTERNS: tuple[Recognizer, ...] = (
    EMAIL,
    URL,
    IP,
    PHONE,
    CARD,
    IBAN,
    SSN,
    SECRET,
    LABELLED_ID,
    ADDRESS,
    NAME,
    BLOB,
)


@hookimpl
def register_recognizers(registry: RecognizerRegistry) -> None:
    """Registered as any plugin's are."""
    for recognizer in PATTERNS:
        registry.add(recognizer)
