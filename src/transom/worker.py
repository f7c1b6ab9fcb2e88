"""The loops of the background: jobs that the store leases out, and those that the clock brings."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import Settings
from transom.process import stop_event, wait_or_stop
from transom.prove.apart import prove_apart
from transom.redact.placeholders import Placeholders
from transom.redact.scrub import Scrubber
from transom.secret import Secret, load_secret
from transom.store import jobs, retention
from transom.store.archive.files import check_archive
from transom.store.engine import check_schema, connect
from transom.store.erasure import KIND as ERASE
from transom.store.erasure import erase_again
from transom.store.rescrub import job as of_rescrub
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT, TaughtRule

log = structlog.get_logger()

NICENESS = 10
IDLE_S = 2.0
LEASE_S = 300
PROOF_DELAY_S = 3600.0
"""After the start of the day, or of a first worker, whose machine has enough to do."""

Handler = Callable[[AsyncEngine, Settings, jobs.Job], Awaitable[None]]


async def expire(engine: AsyncEngine, settings: Settings, _: jobs.Job) -> None:
    """Take out what is past its time."""
    done = await retention.expire(engine, settings.retention)
    if any(done.values()):
        log.info("retention", **done)


async def erase(engine: AsyncEngine, settings: Settings, job: jobs.Job) -> None:
    """Repeat an erasure, for what has arrived since."""
    await erase_again(engine, job, settings.retention.archive, _secret(settings))


def _secret(settings: Settings) -> Secret:
    return load_secret(settings.data, settings.secret_key.get_secret_value() if settings.secret_key else None)


async def rescrub(engine: AsyncEngine, settings: Settings, job: jobs.Job) -> None:
    """Redact again what is stored, by a rule that a reviewer taught."""
    secret, plain = _secret(settings), settings.redaction.placeholders == "plain"

    def scrubber(rule: TaughtRule) -> Scrubber:
        return Scrubber(rule, Placeholders(secret.placeholders(rule.project_id), plain=plain))

    await of_rescrub.rescrub(engine, job, scrubber, secret)


async def prove(_: AsyncEngine, settings: Settings, __: jobs.Job) -> None:
    """Prove that nothing raw is kept."""
    await prove_apart(settings)


HANDLERS: dict[str, Handler] = {"retention": expire, ERASE: erase, of_rescrub.KIND: rescrub, "prove": prove}
"""What each kind of job does."""


async def schedule(engine: AsyncEngine, settings: Settings) -> None:
    """Enqueue what is due today; the dedupe key keeps it to once a day whatever number of workers run."""
    due = {"retention": 0.0}
    if settings.proof.daily:
        due["prove"] = PROOF_DELAY_S
    today = datetime.now(UTC).date().isoformat()
    async with engine.begin() as connection:
        for kind, delay_s in due.items():
            await jobs.enqueue(
                connection, kind, {}, DEFAULT_PROJECT, ANONYMOUS_KEY, dedupe=f"{kind} {today}", delay_s=delay_s
            )


async def work_once(engine: AsyncEngine, settings: Settings) -> bool:
    """Take one job and do it. False if there was none."""
    claimed = await jobs.claim(engine, list(HANDLERS), LEASE_S, limit=1)
    for job in claimed:
        try:
            await HANDLERS[job.kind](engine, settings, job)
        except Exception as error:
            log.error("a job failed", kind=job.kind, attempts=job.attempts, error=error)
            await jobs.fail(engine, job)
        else:
            await jobs.complete(engine, job)
    return bool(claimed)


async def run(settings: Settings) -> None:
    """Work until SIGTERM; a job that is cut off is leased out again. Raises ConfigError if the archive can't be."""
    check_archive(settings.retention.archive)
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
