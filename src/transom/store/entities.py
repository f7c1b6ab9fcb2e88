"""The index of entities: which traces hold a value, by a keyed hash of it. Opt-in (`redaction.index`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import insert_many, one_of
from transom.store.models import ENTITY_HASH
from transom.store.rows import fit_id
from transom.types import RedactedExchange

_E = ENTITY_HASH.c


async def keep_entity_hashes(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> None:
    """Store what traces, which must be stored already, hold. It goes with them."""
    rows = {
        (found.hash, exchange.id): {
            "hash": found.hash,
            "project_id": exchange.project_id,
            "key_id": fit_id(exchange.key_id),
            "trace_id": exchange.id,
            "started_at": exchange.started_at,
        }
        for exchange in exchanges
        for found in exchange.entity_hashes
    }
    await insert_many(conn, ENTITY_HASH, [rows[key] for key in sorted(rows)])


async def forget_entity_hashes(conn: AsyncConnection, trace_ids: Sequence[str]) -> None:
    """Take out what is known of these traces. Call it when their content goes and they stay."""
    await conn.execute(delete(ENTITY_HASH).where(one_of(conn, _E.trace_id, trace_ids)))


def traces_holding(hash: bytes) -> Select[tuple[str]]:
    """Selects the ids of the traces that hold a value. The hash is made with a project's key, so of no other's."""
    return select(_E.trace_id).where(_E.hash == hash)
