"""Redacted pieces that may come again, in memory."""

from __future__ import annotations

import os
from collections import OrderedDict
from hashlib import blake2b

_KEY_BYTES = 32
_ENTRY_BYTES = 250
"""What an entry takes beside its value: its key, two objects' heads and a place in an ordered dictionary."""


class Cache:
    """Forgets what was asked for longest ago, so that all of it takes no more than `max_bytes`.

    Keys are keyed hashes (BLAKE2b, RFC 7693) with a key of this process's own: they tell nobody what was redacted.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._key = os.urandom(64)
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()

    def key(self, context: bytes, piece: bytes) -> bytes:
        """The key of a piece; `context` is all else that the result depends on."""
        length = len(context).to_bytes(4)
        return blake2b(length + context + piece, digest_size=_KEY_BYTES, key=self._key).digest()

    def get(self, key: bytes) -> bytes | None:
        """The value, if it is known."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        if (old := self._entries.pop(key, None)) is not None:
            self._bytes -= _size(old)
        self._entries[key] = value
        self._bytes += _size(value)
        while self._bytes > self._max_bytes:
            self._bytes -= _size(self._entries.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget all, as when what redaction looks for has changed."""
        self._entries.clear()
        self._bytes = 0


def _size(value: bytes) -> int:
    return len(value) + _ENTRY_BYTES
