"""What stands where personal data stood: `<PERSON:k7qx>`, or `<PERSON>` in `plain` mode.

The tag is keyed, so that equal values have equal tags within a project and nobody without the key can test a guess.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from transom.secret import mac

TAG_CHARS = 4
"""20 bits: among a thousand values of a project two share a tag about every second time, among a conversation's
twenty once in five thousand."""

HASH_BYTES = 16
"""128 bits: that any two of 10^12 values share a hash has a chance of 2 in 10^15."""

_NUMBERS = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN"})
_CODES = frozenset({"IBAN_CODE", "ID_NUMBER"})
_SPACE = re.compile(r"\s+")
_PLACEHOLDER = re.compile(rf"<[A-Z][A-Z0-9_]{{1,40}}(?::[a-z2-7]{{{TAG_CHARS}}})?>")
_TAGGED = re.compile(rf"<[A-Z][A-Z0-9_]{{1,40}}:[a-z2-7]{{{TAG_CHARS}}}>")


@dataclass(frozen=True)
class Placeholders:
    """Makes the placeholders of one project."""

    key: bytes = field(repr=False)
    plain: bool = False

    def make(self, entity: str, value: str) -> str:
        """The placeholder of a value. Its tag is the beginning of the value's `hash`."""
        if self.plain:
            return f"<{entity}>"
        tag = base64.b32encode(self.hash(entity, value)[:5])[:TAG_CHARS].decode().lower()
        return f"<{entity}:{tag}>"

    def hash(self, entity: str, value: str) -> bytes:
        """What a value is looked up by: 128 bits of HMAC-SHA256 over entity and normalised value."""
        return mac(self.key, entity.encode(), normalise(entity, value).encode("utf-8", "surrogatepass"))[:HASH_BYTES]

    def hash_id(self, value: str) -> str:
        """A keyed hash that stands for an id: 12 hex digits after `h_`. A hash stands for itself."""
        if _HASHED.fullmatch(value):
            return value
        return "h_" + mac(self.key, b"id", value.encode("utf-8", "surrogatepass"))[:12].hex()

    def digest(self, content: str) -> str:
        """A keyed digest of a blob's content, in hex: equal blobs can be told, unknown ones not guessed."""
        return mac(self.key, b"blob", content.encode("utf-8", "surrogatepass"))[:16].hex()


_HASHED = re.compile("h_[0-9a-f]{24}")


def normalise(entity: str, value: str) -> str:
    """What equal values have in common: NFKC, case folded, spaces collapsed; of numbers the digits alone."""
    value = unicodedata.normalize("NFKC", value).casefold()
    if entity in _NUMBERS:
        return "".join(str(unicodedata.decimal(char)) for char in value if char.isdecimal())
    if entity in _CODES:
        return "".join(char for char in value if char.isalnum())
    return _SPACE.sub(" ", value).strip()


def is_placeholder(text: str) -> bool:
    """Whether it is nothing but a placeholder, of whatever entity."""
    return bool(_PLACEHOLDER.fullmatch(text))


def pattern(entities: Iterable[str]) -> re.Pattern[str]:
    """Matches placeholders: any that has a tag, and the plain ones of known entities."""
    plain = "|".join(sorted(map(re.escape, entities)))
    return re.compile(rf"{_TAGGED.pattern}|<(?:{plain})>")
