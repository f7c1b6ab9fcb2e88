"""Feedback tokens: let a browser without a key rate one answer, and nothing else."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import NamedTuple

import msgspec

_MAC_BYTES = 16


class Bound(NamedTuple):
    """What a token speaks for."""

    trace_id: str
    project_id: str
    key_id: str
    expires: int


class BadToken(Exception):
    """Not signed by us, or expired."""


class TokenSigner:
    """Signs the msgpack of a `Bound` with keyed BLAKE2b (RFC 7693), 16 bytes: a third of the time of HMAC-SHA256."""

    def __init__(self, key: bytes, ttl_s: int) -> None:
        self._key, self._ttl_s = key, ttl_s

    def sign(self, trace_id: str, project_id: str, key_id: str) -> bytes:
        """A token for one trace, from now on."""
        expires = int(time.time()) + self._ttl_s
        payload = msgspec.msgpack.encode((trace_id, project_id, key_id, expires))
        return urlsafe_b64encode(payload + self._mac(payload)).rstrip(b"=")

    def verify(self, token: str) -> Bound:
        """Raises BadToken."""
        try:
            data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise BadToken from None
        payload, signature = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if not hmac.compare_digest(self._mac(payload), signature):
            raise BadToken
        bound = Bound(*msgspec.msgpack.decode(payload))
        if bound.expires < time.time():
            raise BadToken
        return bound

    def _mac(self, payload: bytes) -> bytes:
        return blake2b(payload, key=self._key, digest_size=_MAC_BYTES).digest()
