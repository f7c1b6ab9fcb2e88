"""What the pool and its child processes say to each other: msgpack, each frame after its length in four bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from transom.redact.pieces import Piece, RedactedPiece
from transom.redact.text import visible
from transom.types import Json, Residual, TaughtRule

LENGTH_BYTES = 4


class Start(msgspec.Struct, frozen=True, tag=True):
    """The first frame: the redaction settings as JSON, and the main secret."""

    settings: str
    secret: bytes

    def __repr__(self) -> str:
        return "<Start>"


class RedactPieces(msgspec.Struct, frozen=True, tag=True):
    """Asks for redacted pieces; each is a `Piece` as `encode_piece` gives it."""

    project_id: str
    pieces: list[msgspec.Raw]


class ReadAgain(msgspec.Struct, frozen=True, tag=True):
    """Asks what the profile `strict` still finds in redacted messages: the parts of each, by its number."""

    project_id: str
    profile: str
    messages: dict[int, list[dict[str, Json]]]


class Teach(msgspec.Struct, frozen=True, tag=True):
    """What reviewers taught, all of it, for all projects; answered with `Ready`."""

    rules: list[TaughtRule]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The answer to `Start` and `Teach`; `problem` says in words without content why the child can't do it.

    With a problem, also the answer to `ReadAgain`.
    """

    problem: str | None = None


class Redacted(msgspec.Struct, frozen=True, tag=True):
    """The answer to `RedactPieces`: a `RedactedPiece` for each, in order."""

    pieces: list[msgspec.Raw]


class WasRead(msgspec.Struct, frozen=True, tag=True):
    """The answer to `ReadAgain`: a `Residual` for each message."""

    residuals: list[Residual]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The answer to a request that raised: the exception's type and place."""

    where: str


Answer = Ready | Redacted | WasRead | Failed
Request = RedactPieces | ReadAgain | Teach

_encoder = msgspec.msgpack.Encoder()
requests = msgspec.msgpack.Decoder(Start | Request)
answers = msgspec.msgpack.Decoder(Answer)
pieces = msgspec.msgpack.Decoder(Piece)
redacted_pieces = msgspec.msgpack.Decoder(RedactedPiece)


def frame(message: Start | Request | Answer) -> bytes:
    """A message as it travels."""
    payload = _encoder.encode(message)
    return len(payload).to_bytes(LENGTH_BYTES) + payload


def encode_piece(piece: Piece) -> bytes:
    """A piece as it travels; strings and numbers that msgpack can't hold go as visible text.

    Raises RecursionError for one that is nested too deeply.
    """
    try:
        return _encoder.encode(piece)
    except (UnicodeEncodeError, OverflowError):
        return _encoder.encode(msgspec.structs.replace(piece, value=_portable(piece.value)))


def encode_redacted(piece: RedactedPiece) -> msgspec.Raw:
    """What was made of a piece, as it travels and is kept."""
    return msgspec.Raw(_encoder.encode(piece))


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
