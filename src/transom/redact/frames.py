"""What the pool and its child processes say to each other: msgpack, each frame after its length in four bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from transom.capture.exchange import Exchange, RawFeedback
from transom.redact.text import visible
from transom.types import Cost, Json, RedactedExchange, RedactedFeedback, Usage

LENGTH_BYTES = 4


class Start(msgspec.Struct, frozen=True, tag=True):
    """The first frame: the redaction settings as JSON, and the main secret."""

    settings: str
    secret: bytes

    def __repr__(self) -> str:
        return "<Start>"


class RedactExchange(msgspec.Struct, frozen=True, tag=True):
    """Asks for a redacted exchange."""

    exchange: Exchange
    usage: Usage
    cost: Cost


class RedactFeedback(msgspec.Struct, frozen=True, tag=True):
    """Asks for a redacted feedback."""

    feedback: RawFeedback


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The answer to `Start`; `problem` says in words without content why the child can't work."""

    problem: str | None = None


class Exchanged(msgspec.Struct, frozen=True, tag=True):
    """The answer to `RedactExchange`."""

    exchange: RedactedExchange


class FedBack(msgspec.Struct, frozen=True, tag=True):
    """The answer to `RedactFeedback`."""

    feedback: RedactedFeedback


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The answer to a request that raised: the exception's type and place."""

    where: str


Request = RedactExchange | RedactFeedback
Answer = Ready | Exchanged | FedBack | Failed

_encoder = msgspec.msgpack.Encoder()
requests = msgspec.msgpack.Decoder(Start | RedactExchange | RedactFeedback)
answers = msgspec.msgpack.Decoder(Ready | Exchanged | FedBack | Failed)


def frame(message: Start | Request | Answer) -> bytes:
    """A message as it travels. Raises OverflowError for numbers beyond 64 bits in an answer."""
    payload = _encoder.encode(message)
    return len(payload).to_bytes(LENGTH_BYTES) + payload


def request_frame(request: Request) -> bytes:
    """A request as it travels; strings and numbers that msgpack can't hold go as visible text."""
    try:
        return frame(request)
    except (UnicodeEncodeError, OverflowError):
        plain = msgspec.to_builtins(request)
        return frame(msgspec.convert(_portable(plain), type(request)))


def _portable(value: Any) -> Json:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {_portable(key): _portable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_portable(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value
