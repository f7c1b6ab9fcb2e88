"""What is past its time goes: traces, or their content alone, by limits that each project may have of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import Kept, Retention
from transom.store import audit
from transom.store.archive.keep import keep_traces
from transom.store.chains import forget_old_chains
from transom.store.compact import compact
from transom.store.deletion import BATCH, delete_traces, expire_content
from transom.store.dialect import writing
from transom.store.models import FEEDBACK, ROLLUP, TRACE, WITHDRAWN
from transom.store.pace import giving_way
from transom.store.rollups import DAY, MINUTE, MINUTES_KEPT_NS
from transom.types import DAY_NS

ARCHIVE_BATCH = 2_000
"""Traces that are put in files at a time: few enough for the memory, many enough that files are worth it."""

CHAINS_KEPT_NS = 7 * DAY_NS
"""Who goes on with a conversation after that begins a new session."""

_T, _F, _W, _R = TRACE.c, FEEDBACK.c, WITHDRAWN.c, ROLLUP.c


async def expire(db: AsyncEngine, retention: Retention) -> dict[str, int]:
    """Take out what is past its time, oldest first, a batch a transaction; gives how many traces lost what.

    `{"traces": deleted, "contents": expired alone, "archived": int}`. What was done is in the audit log, if anything.
    """
    now = time.time_ns()
    done = {"traces": 0, "contents": 0, "archived": 0}
    for kept, projects in _limits(retention):
        if kept.days:
            await _delete(db, projects, now - kept.days * DAY_NS, retention.archive, done)
        if kept.content_days:
            await _expire_content(db, projects, now - kept.content_days * DAY_NS, done)
    await _forget_minutes(db, now - MINUTES_KEPT_NS)
    async with writing(db) as conn:
        await forget_old_chains(conn, now - CHAINS_KEPT_NS)
        if any(done.values()):
            await audit.note(conn, audit.Entry(actor="retention", action="expire", traces=done["traces"], detail=done))
    if any(done.values()):
        await compact(db)
    return done


Projects = tuple[Sequence[str], bool]
"""Names, and whether these are meant or all others."""


def _limits(retention: Retention) -> list[tuple[Kept, Projects]]:
    """Each limit with its projects: those with one of their own, and the rest."""
    own = [(kept, ((name,), True)) for name, kept in retention.projects.items()]
    return [(retention, (tuple(retention.projects), False)), *own]


def _of(column: ColumnElement[str], projects: Projects) -> ColumnElement[bool]:
    names, meant = projects
    return column.in_(names) if meant else column.not_in(names)


async def _delete(db: AsyncEngine, projects: Projects, cutoff: int, archive: Path | None, done: dict[str, int]) -> None:
    """Delete the traces begun before the cutoff, and what never found its trace; into the archive first, if any."""
    old = and_(_of(_T.project_id, projects), _T.started_at < cutoff)
    async for ids in _batches(db, old, ARCHIVE_BATCH if archive else BATCH):
        if archive:
            done["archived"] += await keep_traces(db, archive, ids)
        for start in range(0, len(ids), BATCH):
            async with giving_way():
                done["traces"] += await delete_traces(db, ids[start : start + BATCH])
    unlinked = and_(_of(_F.project_id, projects), _F.linked == false(), _F.created_at < cutoff)
    async with writing(db) as conn:
        await conn.execute(delete(FEEDBACK).where(unlinked))
        await conn.execute(delete(WITHDRAWN).where(_of(_W.project_id, projects), _W.created_at < cutoff))


async def _expire_content(db: AsyncEngine, projects: Projects, cutoff: int, done: dict[str, int]) -> None:
    """Take the content of traces begun before the cutoff, and the words of feedback that old."""
    old = and_(_of(_T.project_id, projects), _T.started_at < cutoff, _T.content_expired_at.is_(None))
    async for ids in _batches(db, old, BATCH):
        async with giving_way():
            done["contents"] += await expire_content(db, ids, time.time_ns())
    said = or_(_F.comment.is_not(None), _F.correction.is_not(None))
    worded = update(FEEDBACK).where(_of(_F.project_id, projects), _F.created_at < cutoff, said)
    async with writing(db) as conn:
        await conn.execute(worded.values(comment=None, correction=None))


async def _batches(db: AsyncEngine, old: ColumnElement[bool], size: int) -> AsyncIterator[list[str]]:
    """The ids of the traces that are `old`, the oldest first. A batch must be dealt with before the next is asked for.

    They are looked for outside of the transactions that take them out: others may write meanwhile.
    """
    oldest = 0
    while True:
        query = select(_T.id, _T.started_at).where(old, _T.started_at >= oldest).order_by(_T.started_at).limit(size)
        async with db.connect() as conn:
            rows = (await conn.execute(query)).all()
        if rows:
            oldest = rows[-1].started_at
            yield [row.id for row in rows]
        if len(rows) < size:
            return


async def _forget_minutes(db: AsyncEngine, cutoff: int) -> None:
    """Delete the sums of the minutes before the cutoff, a day of them a transaction; hours and days stay."""
    first = select(func.min(_R.start)).where(_R.step == MINUTE, _R.start < cutoff)
    while True:
        async with db.connect() as conn:
            oldest = (await conn.execute(first)).scalar()
        if oldest is None:
            return
        end = min(cutoff, oldest + DAY * 10**9)
        async with giving_way(), writing(db) as conn:
            await conn.execute(delete(ROLLUP).where(_R.step == MINUTE, _R.start < end))
