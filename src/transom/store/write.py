"""The one way into the store: a batch of redacted exchanges and feedback, all of it or nothing, and never twice."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret
from transom.store.billing import billed
from transom.store.bulk import insert_many, insert_new
from transom.store.chains import infer_sessions
from transom.store.dialect import Db, lock_linking, writing
from transom.store.entities import keep_entity_hashes
from transom.store.feedback import keep_feedback, link_waiting
from transom.store.messages import Digests, Sent, digest_messages, held_by, hold_messages, keep_messages
from transom.store.models import PROJECT, TRACE
from transom.store.positions import (
    PositionAdvance,
    PositionConflict,
    advance_position,
    book,
)
from transom.store.residuals import keep_residuals
from transom.store.rollups import add_to_rollups
from transom.store.rows import trace_row
from transom.types import DEFAULT_PROJECT, RedactedExchange, RedactedFeedback, Withdrawal

__all__ = ["PositionAdvance", "PositionConflict", "Written", "write_batch"]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch changed: the ids of the traces that are new, and how many rows of feedback."""

    traces: list[str]
    feedback: int
    linked: int
    withdrawn: int


async def write_batch(
    db: Db,
    exchanges: Sequence[RedactedExchange],
    feedback: Sequence[RedactedFeedback | Withdrawal],
    recorder: str,
    secret: Secret,
    advance: PositionAdvance | None,
) -> Written:
    """Write a batch in one transaction: its own, or that of the connection given.

    An exchange whose id is stored already changes nothing. `recorder` owns the rollup rows. Raises PositionConflict if
    `advance` expects another position than the stored one; nothing is written then.
    """
    async with writing(db) as conn:
        await lock_linking(conn, exclusive=bool(feedback))
        if advance is not None:
            await advance_position(conn, advance, recorder)
        new, paid = await _write_traces(conn, exchanges, secret)
        await add_to_rollups(conn, recorder, new, paid)
        if advance is not None:
            await book(conn, recorder, new, advance)
        linked = await link_waiting(conn, new)
        kept, withdrawn = await keep_feedback(conn, feedback)
    return Written(traces=[e.id for e in new], feedback=kept, linked=linked, withdrawn=withdrawn)


async def _write_traces(
    conn: AsyncConnection, exchanges: Sequence[RedactedExchange], secret: Secret
) -> tuple[list[RedactedExchange], set[str]]:
    """Store exchanges with their messages; gives the new ones, and the ids of those that are to be paid for."""
    batch = list({exchange.id: exchange for exchange in exchanges}.values())
    if not batch:
        return [], set()
    await _keep_projects(conn, batch)
    paid = await billed(conn, batch)
    sent: dict[bytes, Sent] = {}
    digests = {exchange.id: digest_messages(exchange, secret, sent) for exchange in batch}
    ids = await keep_messages(conn, sent)
    batch = await infer_sessions(conn, batch, digests, secret)
    new_ids = await _insert_traces(conn, batch, digests, ids, paid)
    new = [exchange for exchange in batch if exchange.id in new_ids]
    await hold_messages(conn, [held_by(e, _message_ids(digests[e.id], ids)) for e in new])
    await keep_entity_hashes(conn, new)
    await keep_residuals(conn, new, digests)
    return new, paid


async def _keep_projects(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> None:
    """Note the projects; the first migration has made the default one."""
    now = time.time_ns()
    others = sorted({e.project_id for e in exchanges} - {DEFAULT_PROJECT})
    await insert_many(conn, PROJECT, [{"id": project_id, "created_at": now} for project_id in others])


async def _insert_traces(
    conn: AsyncConnection,
    exchanges: Sequence[RedactedExchange],
    digests: dict[str, Digests],
    ids: dict[bytes, int],
    paid: set[str],
) -> set[str]:
    rows = []
    for exchange in exchanges:
        has = digests[exchange.id]
        inputs, outputs = [ids[d] for d in has.inputs], [ids[d] for d in has.outputs]
        tools = ids[has.tools] if has.tools else None
        rows.append(trace_row(exchange, inputs, outputs, tools, exchange.id in paid))
    return {row[0] for row in await insert_new(conn, TRACE, rows, returning=("id",))}


def _message_ids(digests: Digests, ids: dict[bytes, int]) -> list[int]:
    """Everything an exchange holds: its tools first, as a request does."""
    tools = [digests.tools] if digests.tools else []
    return [ids[digest] for digest in (*tools, *digests.inputs, *digests.outputs)]
