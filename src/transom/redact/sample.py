"""Which messages are read again after their redaction, so that what it misses can be estimated."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from transom.config import Redaction
from transom.secret import Secret, mac
from transom.types import OWN_PROJECT, Json, RedactedExchange, RedactedMessage

STRICT = "strict"
"""The profile that reads again. It can't say what it misses itself."""

_REMEMBERED = 10_000
_MOST_FAILURES = 3
"""In a row: then it isn't the texts' fault, and each failure costs a redaction process."""

_encode = msgspec.json.Encoder(order="sorted").encode


class Sample:
    """Draws messages, each by itself: `redaction.sample` of all that are different.

    A keyed hash decides (HMAC-SHA256, uniform for who hasn't the key). So a message that is sent again has the same
    luck whichever recorder meets it, and the store, which keeps it once, counts it once. Those drawn lately are not
    drawn again.
    """

    def __init__(self, redaction: Redaction, secret: Secret) -> None:
        self._redaction = redaction
        self._below = int(redaction.sample * 2**64)
        self._key = lru_cache(64)(secret.sample)
        self._drawn: dict[bytes, None] = {}
        self._failures = 0

    def draw(self, exchange: RedactedExchange) -> dict[int, list[dict[str, Json]]]:
        """The parts of the messages drawn, by their number (input messages first, then output)."""
        profile = self._redaction.profile_of(exchange.project_id, exchange.route)
        if not self._below or profile == STRICT or exchange.project_id == OWN_PROJECT:
            return {}
        key = self._key(exchange.project_id)
        messages = [*exchange.input_messages, *exchange.output_messages]
        return {n: message.parts for n, message in enumerate(messages) if self._draws(key, exchange.key_id, message)}

    def _draws(self, key: bytes, key_id: str, message: RedactedMessage) -> bool:
        digest = mac(key, key_id.encode(), message.role.encode(), _encode([message.name, message.parts]))
        if int.from_bytes(digest[:8]) >= self._below or digest in self._drawn:
            return False
        self._drawn[digest] = None
        if len(self._drawn) > _REMEMBERED:
            del self._drawn[next(iter(self._drawn))]
        return True

    def failed(self) -> bool:
        """Note that drawn messages could not be read; after three times in a row that ends the sample: True then."""
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self.end()
        return not self._below

    def worked(self) -> None:
        """Note that drawn messages could be read."""
        self._failures = 0

    def end(self) -> None:
        """Draw none any more."""
        self._below = 0
