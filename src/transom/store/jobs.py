"""Work for later, in a table: enqueued in the transaction that makes it due, leased, tried again, given up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from time import time_ns
from typing import Any

import msgspec
from sqlalchemy import and_, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import insert_many
from transom.store.dialect import Db, writing
from transom.store.models import JOB
from transom.store.rows import from_text, to_text
from transom.types import Json

READY, RUNNING, DONE, DEAD = "ready", "running", "done", "dead"

MAX_ATTEMPTS = 8
FIRST_DELAY_S = 5
LONGEST_DELAY_S = 3600
"""Seconds before a failed job is tried again: twice as many each time."""

KEEP_DONE_S = 2 * 86_400
"""As long as that, a job that is done keeps others with its dedupe key away."""

_S = 10**9
_J = JOB.c


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job leased to us. `attempts` counts this one, and is what tells our lease from a later one."""

    id: int
    project_id: str
    key_id: str
    kind: str
    payload: dict[str, Json]
    attempts: int


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be added. `payload` must hold no content: ids and numbers only."""

    kind: str
    payload: dict[str, Json]
    project_id: str
    key_id: str
    dedupe: str | None = None
    delay_s: float = 0


async def enqueue_all(conn: AsyncConnection, new: Sequence[NewJob]) -> int:
    """Add jobs in the caller's transaction, but none of whose kind and `dedupe` key there is one; gives how many."""
    now = time_ns()
    return await insert_many(conn, JOB, [_row(job, now) for job in new])


def _row(new: NewJob, now: int) -> dict[str, Any]:
    return {
        "project_id": new.project_id,
        "key_id": new.key_id,
        "kind": new.kind,
        "dedupe": new.dedupe or uuid.uuid4().hex,
        "payload": to_text(new.payload),
        "state": READY,
        "attempts": 0,
        "run_at": now + int(new.delay_s * _S),
    }


async def enqueue(
    conn: AsyncConnection,
    kind: str,
    payload: dict[str, Json],
    project_id: str,
    key_id: str,
    dedupe: str | None = None,
    delay_s: float = 0,
) -> bool:
    """Add one job; False if there is one of that kind and `dedupe` key already."""
    job = NewJob(kind=kind, payload=payload, project_id=project_id, key_id=key_id, dedupe=dedupe, delay_s=delay_s)
    return bool(await enqueue_all(conn, [job]))


async def claim(db: Db, kinds: Sequence[str], lease_s: float, limit: int) -> list[Job]:
    """Lease up to `limit` jobs that are due, those waiting longest first. A lease that ran out makes its job due."""
    now = time_ns()
    due = (
        select(_J.id)
        .where(_J.state.in_((READY, RUNNING)), _J.run_at <= now, _J.kind.in_(kinds))
        .order_by(_J.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    spent = _J.attempts >= MAX_ATTEMPTS
    lease = {
        "state": case((spent, DEAD), else_=RUNNING),
        "attempts": case((spent, _J.attempts), else_=_J.attempts + 1),
        "run_at": now + int(lease_s * _S),
    }
    async with writing(db) as conn:
        taken = await conn.execute(update(JOB).where(_J.id.in_(due.scalar_subquery())).values(lease).returning(JOB))
        jobs = [_job(row) for row in taken.mappings() if row["state"] == RUNNING]
    return sorted(jobs, key=lambda job: job.id)


def _job(row: Any) -> Job:
    names = ("id", "project_id", "key_id", "kind", "attempts")
    return Job(**{name: row[name] for name in names}, payload=from_text(row["payload"]))


async def complete(db: Db, job: Job) -> bool:
    """Say that a job is done; False if its lease had run out. Forgets what was done long ago."""
    now = time_ns()
    async with writing(db) as conn:
        done = await conn.execute(update(JOB).where(_is_ours(job)).values(state=DONE, run_at=now))
        await conn.execute(delete(JOB).where(_J.state == DONE, _J.run_at < now - KEEP_DONE_S * _S))
    return bool(done.rowcount)


async def fail(db: Db, job: Job) -> bool:
    """Say that a job failed: it is tried again later, or is dead. False if its lease had run out."""
    dead = job.attempts >= MAX_ATTEMPTS
    delay = min(FIRST_DELAY_S * 2 ** (job.attempts - 1), LONGEST_DELAY_S)
    values = {"state": DEAD if dead else READY, "run_at": time_ns() + delay * _S}
    async with writing(db) as conn:
        failed = await conn.execute(update(JOB).where(_is_ours(job)).values(values))
    return bool(failed.rowcount)


def _is_ours(job: Job) -> Any:
    return and_(_J.id == job.id, _J.attempts == job.attempts, _J.state == RUNNING)
