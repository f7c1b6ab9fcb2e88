"""Messages, each kept once: an app that resends its whole history at each turn adds only what is new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret, mac
from transom.store.bulk import insert_many, insert_new
from transom.store.dialect import is_sqlite
from transom.store.models import MESSAGE, SESSION_MESSAGE
from transom.store.rows import fit_id, session_of, to_text
from transom.store.search import TOOLS_ROLE, index_words, indexed_words
from transom.types import RedactedExchange, RedactedMessage

_CHUNK = 5_000
_encode_sorted = msgspec.json.Encoder(order="sorted").encode

Digest = bytes


@dataclass(frozen=True, slots=True)
class Digests:
    """Which messages an exchange has."""

    inputs: list[Digest]
    outputs: list[Digest]
    tools: Digest | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and whose it is."""

    project_id: str
    key_id: str
    message: RedactedMessage


def digest_messages(exchange: RedactedExchange, secret: Secret, sent: dict[Digest, Sent]) -> Digests:
    """The digests of an exchange's messages; each message not yet in `sent` is added."""
    key = _key(secret, exchange.project_id)

    def add(message: RedactedMessage) -> Digest:
        digest = digest_of(key, exchange.key_id, message)
        if digest not in sent:
            sent[digest] = Sent(exchange.project_id, exchange.key_id, message)
        return digest

    tools = add(RedactedMessage(role=TOOLS_ROLE, parts=exchange.tools)) if exchange.tools else None
    return Digests([add(m) for m in exchange.input_messages], [add(m) for m in exchange.output_messages], tools)


@lru_cache(maxsize=64)
def _key(secret: Secret, project_id: str) -> bytes:
    return secret.messages(project_id)


def digest_of(key: bytes, key_id: str, message: RedactedMessage) -> Digest:
    """HMAC over role, name and content. Without the finish reason, as an app doesn't send it back with the history."""
    return mac(key, key_id.encode(), message.role.encode(), _encode_sorted([message.name, message.parts]))


def _row(digest: Digest, sent: Sent) -> dict[str, Any]:
    message = sent.message
    return {
        "project_id": sent.project_id,
        "key_id": fit_id(sent.key_id),
        "digest": digest,
        "role": message.role,
        "name": message.name,
        "parts": to_text(message.parts),
        "remarks": to_text([_remark(remark) for remark in message.remarks]),
    }


def _remark(remark: Any) -> dict[str, Any]:
    """A remark without the place of its message, which differs from trace to trace."""
    return {name: getattr(remark, name) for name in ("entity", "start", "end", "recognizer", "path")}


async def keep_messages(conn: AsyncConnection, sent: dict[Digest, Sent]) -> dict[Digest, int]:
    """Store what isn't stored yet and give the row id of each digest.

    The rows found are locked against deletion until the transaction ends; one deleted in between is stored again.
    Digests are sorted, so that two recorders with the same messages wait for each other in one order.
    """
    ids: dict[Digest, int] = {}
    while missing := sorted(sent.keys() - ids.keys()):
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            ids.update(await _find(conn, chunk))
            new = {digest: sent[digest] for digest in chunk if digest not in ids}
            if new:
                ids.update(await _add(conn, new))
    return ids


async def _add(conn: AsyncConnection, new: dict[Digest, Sent]) -> dict[Digest, int]:
    """Store messages with their words; leaves out those that another recorder has just stored."""
    rows = [_row(digest, sent) for digest, sent in new.items()]
    ids = dict(await insert_new(conn, MESSAGE, rows, returning=("digest", "id")))
    messages = ((row_id, new[digest].message) for digest, row_id in ids.items())
    await index_words(conn, [(row_id, indexed_words(m.role, m.parts)) for row_id, m in messages])
    return ids


async def _find(conn: AsyncConnection, digests: list[Digest]) -> dict[Digest, int]:
    """A digest is made with the project's key from the caller's key id, so it can't be found under another's."""
    if is_sqlite(conn):
        places = ", ".join("?" * len(digests))
        found = await conn.exec_driver_sql(f"{_FIND} IN ({places})", tuple(digests))
    else:
        found = await conn.exec_driver_sql(f"{_FIND} = ANY ($1::bytea[]) FOR KEY SHARE", (digests,))
    return {row.digest: row.id for row in found}


_FIND = "SELECT digest, id FROM message WHERE digest"


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
    await insert_many(conn, SESSION_MESSAGE, [rows[owner] for owner in sorted(rows)], _SENT_AGAIN)


_SENT_AGAIN = """(project_id, key_id, session, message_id) DO UPDATE SET last_trace_id = excluded.last_trace_id
WHERE session_message.last_trace_id < excluded.last_trace_id"""


def _held_row(owner: tuple[str, str, str, int], trace_id: str, place: int) -> dict[str, Any]:
    names = ("project_id", "key_id", "session", "message_id")
    return {**dict(zip(names, owner, strict=True)), "trace_id": trace_id, "place": place}
