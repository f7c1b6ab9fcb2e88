"""How far each spool writer has been recorded, and the books of what it began: every exchange has one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import Db, insert, writing
from transom.store.models import SPOOL_POSITION
from transom.store.rollups import book_unrecorded
from transom.store.rows import from_text, outcome_name, to_text
from transom.types import Ended, Outcome, OutcomeState

_P = SPOOL_POSITION.c


class PositionConflict(Exception):
    """Another recorder has moved this writer's position: what was read behind it isn't ours to write."""


class PositionAdvance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a batch takes its writer. Positions are the spool's business, opaque here.

    `begun` is how many exchanges the writer has begun so far, `seen` how many of them are in this batch, `dropped` why
    and how many of the seen ones were given up.
    """

    writer_id: str
    expected: str
    position: str
    begun: int
    seen: int
    dropped: dict[str, int] = {}


def dropped_outcomes(dropped: Mapping[str, int]) -> Counter[str]:
    """Counts by reason as counts by outcome name."""
    return Counter({outcome_name(Outcome(OutcomeState.DROPPED, reason)): n for reason, n in dropped.items()})


async def read_position(conn: AsyncConnection, writer_id: str) -> str | None:
    """Where a writer's next record is, or None if none of it has been recorded."""
    found = await conn.execute(select(_P.position).where(_P.writer_id == writer_id))
    position: str | None = found.scalar()
    return position


async def advance_position(conn: AsyncConnection, advance: PositionAdvance) -> None:
    """Move a writer's position, and keep its row locked until the transaction ends. Raises PositionConflict."""
    move = update(SPOOL_POSITION).where(_P.writer_id == advance.writer_id, _P.position == advance.expected)
    moved = await conn.execute(move.values(position=advance.position, seen=_P.seen + advance.seen))
    if moved.rowcount:
        return
    row = {"writer_id": advance.writer_id, "position": advance.position, "begun": 0, "seen": advance.seen}
    first = insert(conn, SPOOL_POSITION).values(**row, outcomes="{}", closed=False).on_conflict_do_nothing()
    if not (await conn.execute(first)).rowcount:
        raise PositionConflict(f"the position of writer {advance.writer_id} is not {advance.expected}")


async def book_outcomes(conn: AsyncConnection, writer_id: str, begun: int, outcomes: Mapping[str, int]) -> None:
    """Add outcomes to the books of a writer whose row is locked."""
    row = await _locked(conn, writer_id)
    if row is not None:
        await _save(conn, row, begun, outcomes, closed=row["closed"])


async def close_writer(db: Db, writer_id: str, recorder: str, begun: int, dropped: Mapping[str, int]) -> int:
    """Close the books of a writer that is dead and read to its end; gives how many exchanges died with it.

    `dropped` counts, by reason, those that the gateway itself gave up; what was begun and neither seen nor dropped died
    with it. From then on begun = stored + metadata_only + dropped for this writer. Closing again does nothing.
    """
    async with writing(db) as conn:
        row = {"writer_id": writer_id, "position": "", "begun": 0, "seen": 0, "outcomes": "{}", "closed": False}
        await conn.execute(insert(conn, SPOOL_POSITION).values(**row).on_conflict_do_nothing())
        found = await _locked(conn, writer_id)
        if found is None or found["closed"]:
            return 0
        died: int = max(0, max(begun, found["begun"]) - found["seen"] - sum(dropped.values()))
        lost = dropped_outcomes(dropped) + dropped_outcomes({Ended.GATEWAY_DIED: died})
        begun = max(begun, found["seen"] + lost.total())
        await _save(conn, found, begun, lost, closed=True)
        await book_unrecorded(conn, recorder, lost, died)
        return died


async def _locked(conn: AsyncConnection, writer_id: str) -> RowMapping | None:
    found = await conn.execute(select(SPOOL_POSITION).where(_P.writer_id == writer_id).with_for_update())
    return found.mappings().first()


async def _save(conn: AsyncConnection, row: RowMapping, begun: int, outcomes: Mapping[str, int], closed: bool) -> None:
    books = Counter(from_text(row["outcomes"])) + Counter(outcomes)
    values = {"begun": max(begun, row["begun"]), "outcomes": to_text(books), "closed": closed}
    await conn.execute(update(SPOOL_POSITION).where(_P.writer_id == row["writer_id"]).values(values))


async def completeness(conn: AsyncConnection) -> dict[str, Any]:
    """Where every exchange begun has gone, over all writers ever.

    `{"begun", "stored", "metadata_only", "dropped", "in_flight", "unaccounted": int, "reasons": {outcome: int}}`: begun
    is the sum of the five that follow it; `in_flight` belongs to writers that aren't closed and `unaccounted`, always
    0, to those that are.
    """
    reasons: Counter[str] = Counter()
    totals = Counter(begun=0, in_flight=0, unaccounted=0)
    for row in (await conn.execute(select(SPOOL_POSITION))).mappings():
        books = Counter(from_text(row["outcomes"]))
        reasons += books
        totals["begun"] += row["begun"]
        totals["unaccounted" if row["closed"] else "in_flight"] += row["begun"] - books.total()
    states = {state.value: 0 for state in OutcomeState}
    for name, count in reasons.items():
        states[name.partition(":")[0]] += count
    return {**totals, **states, "reasons": dict(reasons)}
