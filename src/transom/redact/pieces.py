"""An exchange or feedback in pieces that are redacted each by itself, and put together again.

What becomes of a piece depends on nothing beside it. So a piece that comes again, as all of a conversation does with
each of its turns, need not be redacted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

import msgspec

from transom.capture.exchange import Exchange, Message, RawFeedback
from transom.config import Redaction
from transom.redact.kept import kept, redacted_attempts
from transom.types import (
    STORED,
    Cost,
    EntityHash,
    Json,
    RedactedExchange,
    RedactedFeedback,
    RedactedMessage,
    Remark,
    Usage,
    metadata_only,
)

Kind = Literal["part", "json", "definition", "path", "id", "user", "session"]
"""A message's part, other JSON, JSON whose names and types are identifiers, a path, an id, and whose id."""


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """What is redacted by itself, with a profile."""

    kind: Kind
    profile: str
    value: Json

    def __repr__(self) -> str:
        return f"<Piece {self.kind}>"


class RedactedPiece(msgspec.Struct, frozen=True, array_like=True):
    """What may be stored of a piece. `remarks` have paths below the piece and no message number."""

    value: Json
    remarks: list[Remark] = []
    entity_hashes: list[EntityHash] = []
    names_unchecked: list[str] = []


Take = Callable[[Piece], RedactedPiece]
"""Gives what stands for a piece."""

T = TypeVar("T")


def take_apart(assemble: Callable[[Take], object]) -> list[Piece]:
    """The pieces that `assemble` asks for, in its order."""
    pieces: list[Piece] = []

    def note(piece: Piece) -> RedactedPiece:
        pieces.append(piece)
        return RedactedPiece(piece.value)

    assemble(note)
    return pieces


def put_together(assemble: Callable[[Take], T], redacted: Iterable[RedactedPiece]) -> T:
    """What `assemble` makes of redacted pieces, which are in its order."""
    given = iter(redacted)
    return assemble(lambda _: next(given))


class _Assembly:
    """One pass over an exchange or feedback, in which `take` is given every piece, always in the same order.

    Ids are redacted by the project's profile, whatever the route, so that equal ids stay equal.
    """

    def __init__(self, take: Take, redaction: Redaction, project_id: str, route: str | None = None) -> None:
        self._take = take
        self._content = redaction.profile_of(project_id, route)
        self._ids = redaction.profile_of(project_id)
        self._hashes: set[EntityHash] = set()
        self._unchecked: set[str] = set()

    def exchange(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        """The exchange as it may be stored; without messages where its content was lost already."""
        lost = exchange.content_lost
        split = len(exchange.input_messages)
        messages = [] if lost else [*exchange.input_messages, *exchange.output_messages]
        redacted = [self._message(message, number) for number, message in enumerate(messages)]
        return RedactedExchange(
            **kept(exchange),
            **self._names(exchange),
            outcome=metadata_only(self._id(lost)) if lost else STORED,
            attempts=redacted_attempts(exchange, self._id),
            input_messages=redacted[:split],
            output_messages=redacted[split:],
            tools=[] if lost else [self._value("definition", tool) for tool in exchange.tools],
            metadata=self._value("json", exchange.metadata),
            params=self._value("definition", exchange.params),
            error_message=self._text(exchange.error_message),
            usage=usage,
            cost=cost,
            entity_hashes=sorted(self._hashes),
            names_unchecked=sorted(self._unchecked),
        )

    def feedback(self, raw: RawFeedback) -> RedactedFeedback:
        """The feedback as it may be stored, with ids that equal those of its trace."""
        return RedactedFeedback(
            id=raw.id,
            project_id=raw.project_id,
            key_id=raw.key_id,
            created_at=raw.created_at,
            target=raw.target,
            target_id=self._id(raw.target_id, "session" if raw.target == "session" else "id"),
            name=self._id(raw.name),
            author=raw.author if raw.author == raw.key_id else self._id(raw.author, "user"),
            score=raw.score,
            comment=self._text(raw.comment),
            correction=self._text(raw.correction),
            labels=self._value("json", raw.labels),
        )

    def _names(self, exchange: Exchange) -> dict[str, Json]:
        """What only the pattern recognizers look at."""
        values: dict[str, str | None] = {name: getattr(exchange, name) for name in _NAMES}
        return {
            **{name: self._optional(value) for name, value in values.items()},
            "user_id": self._optional(exchange.user_id, "user"),
            "session_id": self._optional(exchange.session_id, "session"),
            "method": self._id(exchange.method),
            "path": self._value("path", exchange.path),
            "tags": [self._id(tag) for tag in exchange.tags],
            "finish_reasons": [self._id(reason) for reason in exchange.finish_reasons],
        }

    def _message(self, message: Message, number: int) -> RedactedMessage:
        parts = [self._piece(Piece("part", self._content, part)) for part in message.parts]
        return RedactedMessage(
            role=message.role if message.role in _ROLES else self._id(message.role),
            parts=[part.value for part in parts],
            name=self._optional(message.name),
            finish_reason=self._optional(message.finish_reason),
            remarks=[
                msgspec.structs.replace(remark, message=number, path=[index, *remark.path])
                for index, part in enumerate(parts)
                for remark in part.remarks
            ],
        )

    def _text(self, text: str | None) -> str | None:
        return self._value("json", text) if text else text

    def _value(self, kind: Kind, value: Json) -> Json:
        return self._piece(Piece(kind, self._content, value)).value if value else value

    def _optional(self, value: str | None, kind: Kind = "id") -> str | None:
        return None if value is None else self._id(value, kind)

    def _id(self, value: str, kind: Kind = "id") -> str:
        return str(self._piece(Piece(kind, self._ids, value)).value) if value else value

    def _piece(self, piece: Piece) -> RedactedPiece:
        redacted = self._take(piece)
        self._hashes.update(redacted.entity_hashes)
        self._unchecked.update(redacted.names_unchecked)
        return redacted


_NAMES = (
    *("app", "model", "response_model", "response_id", "previous_response_id"),
    *("request_id", "client_request_id", "error_type"),
)
_ROLES = frozenset({"system", "user", "assistant", "tool", "context", "other"})


def assemble_exchange(
    exchange: Exchange, usage: Usage, cost: Cost, redaction: Redaction, take: Take
) -> RedactedExchange:
    """The exchange as it may be stored."""
    return _Assembly(take, redaction, exchange.project_id, exchange.route).exchange(exchange, usage, cost)


def assemble_feedback(raw: RawFeedback, redaction: Redaction, take: Take) -> RedactedFeedback:
    """The feedback as it may be stored, with ids that equal those of its trace."""
    return _Assembly(take, redaction, raw.project_id).feedback(raw)
