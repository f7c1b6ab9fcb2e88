"""The loops of the background: jobs that the store leases out, and those that the clock brings."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import Settings
from transom.process import stop_event, wait_or_stop
from transom.store import jobs
from transom.store.engine import check_schema, connect
from transom.store.retention import delete_before
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT

log = structlog.get_logger()

NICENESS = 10
IDLE_S = 2.0
LEASE_S = 300
RETENTION_BATCH = 500
_DAY_NS = 86_400 * 10**9

Handler = Callable[[AsyncEngine, Settings], Awaitable[None]]


async def delete_expired(engine: AsyncEngine, settings: Settings) -> None:
    """Delete traces older than `retention.days`, a batch a transaction, so that nothing waits long for the lock."""
    assert settings.retention.days is not None
    cutoff = time.time_ns() - settings.retention.days * _DAY_NS
    deleted = RETENTION_BATCH
    while deleted == RETENTION_BATCH:
        async with engine.begin() as connection:
            deleted = await delete_before(connection, cutoff, RETENTION_BATCH)
        if deleted:
            log.info("expired traces deleted", traces=deleted)


HANDLERS: dict[str, Handler] = {"retention": delete_expired}
"""What each kind of job does."""


async def schedule(engine: AsyncEngine, settings: Settings) -> None:
    """Enqueue what is due today; the dedupe key keeps it to once a day whatever number of workers run."""
    if settings.retention.days is None:
        return
    today = datetime.now(UTC).date().isoformat()
    async with engine.begin() as connection:
        await jobs.enqueue(connection, "retention", {}, DEFAULT_PROJECT, ANONYMOUS_KEY, dedupe=f"retention {today}")


async def work_once(engine: AsyncEngine, settings: Settings) -> bool:
    """Take one job and do it. False if there was none."""
    claimed = await jobs.claim(engine, list(HANDLERS), LEASE_S, limit=1)
    for job in claimed:
        try:
            await HANDLERS[job.kind](engine, settings)
        except Exception as error:
            log.error("a job failed", kind=job.kind, attempts=job.attempts, error=error)
            await jobs.fail(engine, job)
        else:
            await jobs.complete(engine, job)
    return bool(claimed)


async def run(settings: Settings) -> None:
    """Work until SIGTERM; a job that is cut off is leased out again."""
    os.nice(NICENESS)
    stop = stop_event()
    engine = connect(settings.database)
    await check_schema(engine)
    log.info("worker runs")
    while not stop.is_set():
        try:
            await schedule(engine, settings)
            busy = await work_once(engine, settings)
        except Exception as error:
            log.warning("the store is away", error=error)
            busy = False
        if not busy:
            await wait_or_stop(stop, IDLE_S)
    await engine.dispose()
