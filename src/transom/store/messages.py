"""Messages, each kept once: an app that resends its whole history at each turn adds only what is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret, mac
from transom.store.dialect import insert
from transom.store.models import MESSAGE, SESSION_MESSAGE
from transom.store.rows import fit_id, searchable_text, session_of, to_text
from transom.store.search import words_of
from transom.types import RedactedExchange, RedactedMessage

TOOLS_ROLE = "_tools"
"""The role of the message that holds a request's tool definitions. Search leaves it out."""

_CHUNK = 500
_encode_sorted = msgspec.json.Encoder(order="sorted").encode

Digest = bytes


@dataclass(frozen=True, slots=True)
class Digests:
    """Which messages an exchange has."""

    inputs: list[Digest]
    outputs: list[Digest]
    tools: Digest | None


def digest_messages(exchange: RedactedExchange, secret: Secret, rows: dict[Digest, dict[str, Any]]) -> Digests:
    """The digests of an exchange's messages; the row of each one not yet in `rows` is added."""
    key = _key(secret, exchange.project_id)

    def add(message: RedactedMessage) -> Digest:
        digest = digest_of(key, exchange.key_id, message)
        if digest not in rows:
            rows[digest] = _row(exchange, digest, message)
        return digest

    tools = add(RedactedMessage(role=TOOLS_ROLE, parts=exchange.tools)) if exchange.tools else None
    return Digests([add(m) for m in exchange.input_messages], [add(m) for m in exchange.output_messages], tools)


@lru_cache(maxsize=64)
def _key(secret: Secret, project_id: str) -> bytes:
    return secret.messages(project_id)


def digest_of(key: bytes, key_id: str, message: RedactedMessage) -> Digest:
    """HMAC over role, name and content. Without the finish reason, as an app doesn't send it back with the history."""
    return mac(key, key_id.encode(), message.role.encode(), _encode_sorted([message.name, message.parts]))


def _row(exchange: RedactedExchange, digest: Digest, message: RedactedMessage) -> dict[str, Any]:
    searched = "" if message.role == TOOLS_ROLE else searchable_text(message.parts)
    return {
        "project_id": exchange.project_id,
        "key_id": fit_id(exchange.key_id),
        "digest": digest,
        "role": message.role,
        "name": message.name,
        "parts": to_text(message.parts),
        "remarks": to_text([_remark(remark) for remark in message.remarks]),
        "words": " ".join(words_of(searched)),
    }


def _remark(remark: Any) -> dict[str, Any]:
    """A remark without the place of its message, which differs from trace to trace."""
    return {name: getattr(remark, name) for name in ("entity", "start", "end", "recognizer", "path")}


async def keep_messages(conn: AsyncConnection, rows: dict[Digest, dict[str, Any]]) -> dict[Digest, int]:
    """Store what isn't stored yet and give the row id of each digest.

    The rows found are locked against deletion until the transaction ends; one deleted in between is stored again.
    Digests are sorted, so that two recorders with the same messages wait for each other in one order.
    """
    ids: dict[Digest, int] = {}
    while missing := sorted(rows.keys() - ids.keys()):
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            ids.update(await _find(conn, chunk))
            new = [rows[digest] for digest in chunk if digest not in ids]
            if new:
                statement = insert(conn, MESSAGE).on_conflict_do_nothing()
                added = await conn.execute(statement.returning(MESSAGE.c.digest, MESSAGE.c.id), new)
                ids.update((row.digest, row.id) for row in added)
    return ids


async def _find(conn: AsyncConnection, digests: Sequence[Digest]) -> dict[Digest, int]:
    """A digest is made with the project's key from the caller's key id, so it can't be found under another's."""
    found = select(MESSAGE.c.digest, MESSAGE.c.id).where(MESSAGE.c.digest.in_(digests))
    rows = await conn.execute(found.with_for_update(read=True, key_share=True))
    return {row.digest: row.id for row in rows}


@dataclass(frozen=True, slots=True)
class Held:
    """The messages that a trace holds, by row id, in order."""

    project_id: str
    key_id: str
    session: str
    trace_id: str
    message_ids: list[int]


def held_by(exchange: RedactedExchange, message_ids: list[int]) -> Held:
    """What an exchange holds."""
    return Held(exchange.project_id, fit_id(exchange.key_id) or "", session_of(exchange), exchange.id, message_ids)


async def hold_messages(conn: AsyncConnection, traces: Iterable[Held]) -> None:
    """Note which session holds which message, which trace brought it and which was the last to send it."""
    rows: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for trace in sorted(traces, key=lambda t: t.trace_id):
        for place, message_id in enumerate(trace.message_ids):
            owner = (trace.project_id, trace.key_id, trace.session, message_id)
            row = rows.setdefault(owner, _held_row(owner, trace.trace_id, place))
            row["last_trace_id"] = trace.trace_id
    if not rows:
        return
    statement = insert(conn, SESSION_MESSAGE)
    newer = statement.excluded.last_trace_id
    statement = statement.on_conflict_do_update(
        index_elements=list(SESSION_MESSAGE.primary_key),
        set_={"last_trace_id": newer},
        where=SESSION_MESSAGE.c.last_trace_id < newer,
    )
    await conn.execute(statement, [rows[owner] for owner in sorted(rows)])


def _held_row(owner: tuple[str, str, str, int], trace_id: str, place: int) -> dict[str, Any]:
    names = ("project_id", "key_id", "session", "message_id")
    return {**dict(zip(names, owner, strict=True)), "trace_id": trace_id, "place": place}
