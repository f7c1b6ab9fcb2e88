"""How far each spool writer has been recorded, and the books of what it began: every exchange has one outcome."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import Db, insert, writing
from transom.store.models import SPOOL_POSITION, WRITER_DAY
from transom.store.rollups import book_unrecorded
from transom.store.rows import from_text, outcome_name, to_text
from transom.types import DAY_NS, Begun, Ended, Outcome, OutcomeState, RedactedExchange

_P, _D = SPOOL_POSITION.c, WRITER_DAY.c

DayCounts = Mapping[int, Mapping[str, int]]
"""Counts by name, by day."""


class PositionConflict(Exception):
    """Another recorder has moved this writer's position: what was read behind it isn't ours to write."""


class PositionAdvance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a batch takes its writer. Positions are the spool's business, opaque here.

    `begun` is what the writer has begun so far, `dropped` which records of the batch were given up: how many of each
    reason, by the day on which their exchanges began. `lag_ns` is as in `SpoolPosition`.
    """

    writer_id: str
    expected: str
    position: str
    begun: Begun
    dropped: DayCounts = {}
    lag_ns: int = 0


async def read_position(conn: AsyncConnection, writer_id: str) -> str | None:
    """Where a writer's next record is, or None if none of it has been recorded."""
    found = await conn.execute(select(_P.position).where(_P.writer_id == writer_id))
    position: str | None = found.scalar()
    return position or None


async def advance_position(conn: AsyncConnection, advance: PositionAdvance, host: str) -> None:
    """Move a writer's position, and keep its row locked until the transaction ends. Raises PositionConflict."""
    values = {"position": advance.position, "host": host, "lag_ns": advance.lag_ns, "looked_at": time.time_ns()}
    move = update(SPOOL_POSITION).where(_P.writer_id == advance.writer_id, _P.position.in_((advance.expected, "")))
    if (await conn.execute(move.values(values))).rowcount:
        return
    first = insert(conn, SPOOL_POSITION).values(writer_id=advance.writer_id, closed=False, **values)
    if not (await conn.execute(first.on_conflict_do_nothing())).rowcount:
        raise PositionConflict(f"the position of writer {advance.writer_id} is not {advance.expected}")


async def book(conn: AsyncConnection, host: str, new: Iterable[RedactedExchange], advance: PositionAdvance) -> None:
    """Enter where the exchanges of a batch went. The writer's position row must be locked."""
    outcomes, endings = _by_day(new, advance)
    await _enter(conn, host, advance.writer_id, advance.begun, outcomes, endings)
    await book_unrecorded(conn, host, sum(map(dropped_outcomes, advance.dropped.values()), Counter()))


def _by_day(
    new: Iterable[RedactedExchange], advance: PositionAdvance
) -> tuple[dict[int, Counter[str]], dict[int, Counter[str]]]:
    outcomes, endings = defaultdict[int, Counter[str]](Counter), defaultdict[int, Counter[str]](Counter)
    for exchange in new:
        day = advance.begun.day_of(exchange.started_at)
        outcomes[day][outcome_name(exchange.outcome)] += 1
        endings[day][exchange.ended.value] += 1
    for day, reasons in advance.dropped.items():
        outcomes[day] += dropped_outcomes(reasons)
    return outcomes, endings


def dropped_outcomes(reasons: Mapping[str, int]) -> Counter[str]:
    """Counts by reason as counts by outcome name."""
    return Counter({outcome_name(Outcome(OutcomeState.DROPPED, reason)): n for reason, n in reasons.items()})


async def _enter(
    conn: AsyncConnection, host: str, writer_id: str, begun: Begun, outcomes: DayCounts, endings: DayCounts
) -> None:
    """Add to the rows of the days, and take over what the writer itself counts."""
    found = {row["day"]: row for row in await _days(conn, writer_id)}
    rows, undone = [], 0
    for day in sorted({*begun.exchanges, *begun.undone, *outcomes}):
        row = found.get(day, _NOTHING)
        values = {
            "begun": max(begun.exchanges.get(day, 0), row["begun"]),
            "undone": max(begun.undone.get(day, 0), row["undone"]),
            "outcomes": to_text(Counter(from_text(row["outcomes"])) + Counter(outcomes.get(day, {}))),
            "endings": to_text(Counter(from_text(row["endings"])) + Counter(endings.get(day, {}))),
        }
        undone += values["undone"] - row["undone"]
        if any(values[name] != row[name] for name in values):
            rows.append({"writer_id": writer_id, "day": day, **values})
    await _save(conn, rows)
    await book_unrecorded(conn, host, dropped_outcomes({UNDONE: undone} if undone else {}))


UNDONE = "spool_error"
"""Why the gateway itself gave an exchange's record up."""

_NOTHING: Mapping[str, Any] = {"begun": 0, "undone": 0, "outcomes": "{}", "endings": "{}"}


async def _days(conn: AsyncConnection, writer_id: str) -> Sequence[RowMapping]:
    return (await conn.execute(select(WRITER_DAY).where(_D.writer_id == writer_id))).mappings().all()


async def _save(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(conn, WRITER_DAY)
    values = {name: statement.excluded[name] for name in _NOTHING}
    await conn.execute(statement.on_conflict_do_update(index_elements=[_D.writer_id, _D.day], set_=values), rows)


async def look_at_writer(db: Db, writer_id: str, host: str, begun: Begun) -> None:
    """Take over what an idle writer has begun since, and that nothing of it waits."""
    async with writing(db) as conn:
        seen = {"host": host, "lag_ns": 0, "looked_at": time.time_ns()}
        statement = insert(conn, SPOOL_POSITION).values(writer_id=writer_id, position="", closed=False, **seen)
        await conn.execute(statement.on_conflict_do_update(index_elements=[_P.writer_id], set_=seen))
        await _enter(conn, host, writer_id, begun, {}, {})


async def close_writer(db: Db, writer_id: str, host: str, begun: Begun) -> int:
    """Close the books of a writer that is dead and read to its end; gives how many exchanges died with it.

    What was begun and has no outcome died with it. From then on begun = stored + metadata_only + dropped for this
    writer. Closing again does nothing.
    """
    async with writing(db) as conn:
        row = {"writer_id": writer_id, "position": "", "closed": False, "host": host, "lag_ns": 0, "looked_at": 0}
        await conn.execute(insert(conn, SPOOL_POSITION).values(**row).on_conflict_do_nothing())
        locked = select(_P.closed).where(_P.writer_id == writer_id).with_for_update()
        if (await conn.execute(locked)).scalar():
            return 0
        await _enter(conn, host, writer_id, begun, {}, {})
        died = await _book_the_dead(conn, writer_id)
        await book_unrecorded(conn, host, dropped_outcomes({Ended.GATEWAY_DIED: died} if died else {}), died)
        closed = {"closed": True, "lag_ns": 0, "looked_at": time.time_ns()}
        await conn.execute(update(SPOOL_POSITION).where(_P.writer_id == writer_id).values(closed))
        return died


async def _book_the_dead(conn: AsyncConnection, writer_id: str) -> int:
    rows, all_died = [], 0
    for row in await _days(conn, writer_id):
        books, endings = Counter(from_text(row["outcomes"])), Counter(from_text(row["endings"]))
        recorded = books.total() + row["undone"]
        died = max(0, row["begun"] - recorded)
        all_died += died
        books += dropped_outcomes({Ended.GATEWAY_DIED: died})
        endings += Counter({Ended.GATEWAY_DIED.value: died})
        values = {"begun": max(row["begun"], recorded), "outcomes": to_text(books), "endings": to_text(endings)}
        rows.append({**row, **values})
    await _save(conn, rows)
    return all_died


GONE_NS = 7 * DAY_NS
"""A host that has not been heard of for so long is taken to be gone, with its spool."""


async def silent_writers(conn: AsyncConnection, host: str, since_ns: int) -> list[str]:
    """The writers with open books that no recorder has looked at for `since_ns`, if they are of this host, or a week.

    Of a host that comes back after that, what it had in its spool is stored, and counted once more.
    """
    now = time.time_ns()
    own = and_(_P.host == host, _P.looked_at <= now - since_ns)
    silent = select(_P.writer_id).where(~_P.closed, or_(own, _P.looked_at < now - GONE_NS))
    return list((await conn.execute(silent)).scalars())


async def read_positions(conn: AsyncConnection) -> dict[str, str]:
    """Where the next record of each writer is, of those whose books are open."""
    found = await conn.execute(select(_P.writer_id, _P.position).where(~_P.closed, _P.position != ""))
    return {row.writer_id: row.position for row in found}
