"""A recorder process, from its settings to its last record."""

from __future__ import annotations

import asyncio
import os
import platform

import structlog

from transom.config import Settings, shipped
from transom.process import stop_event
from transom.record.books import Books
from transom.record.lessons import Lessons
from transom.record.recorder import Recorder, StoreAway
from transom.record.stages import Stages
from transom.redact.pool import RedactionPool
from transom.secret import Secret
from transom.spool.keys import key_outlives_us
from transom.store.engine import check_schema, connect, outlive_power_loss
from transom.usage.pricing import PriceBook

log = structlog.get_logger()

NICENESS = 10
"""The gateway comes first wherever they share a core."""


async def run(settings: Settings, secret: Secret, keys: list[bytes]) -> None:
    """Record until SIGTERM, then what is left."""
    os.nice(NICENESS)
    stop = stop_event()
    engine = connect(settings.database)
    if settings.spool.fsync:
        # Spool files are deleted once their records are committed, so the commits must be as lasting as they were.
        outlive_power_loss(engine)
    await check_schema(engine)
    prices = PriceBook.load(settings.prices.file or shipped("prices.json"))
    async with RedactionPool(settings, secret) as pool:
        lessons = Lessons(engine, pool)
        await lessons.learn()
        await pool.ready()
        log.info("recorder runs", redaction=settings.redaction.profile, prices=prices.version)
        books = Books(engine, platform.node() or "localhost", secret)
        stages = Stages(prices, pool, secret)
        recorder = Recorder(settings.spool_dir, settings.data / "writers", keys, books, stages)
        async with lessons.following():
            await _record(recorder, stop, settings)
    await engine.dispose()


async def _record(recorder: Recorder, stop: asyncio.Event, settings: Settings) -> None:
    """Until SIGTERM, and then what is left. Says what stays behind where the store is away."""
    kept = key_outlives_us(settings)
    patience_s = _PATIENCE_S if kept else max(_PATIENCE_S, settings.limits.drain_s - _PATIENCE_S)
    try:
        await recorder.run(stop, outlive_writers=not kept, patience_s=patience_s)
    except StoreAway:
        waiting = recorder.waiting()
        if kept:
            log.warning("stopped while the store is away: the spool keeps what waits", exchanges=waiting)
        else:
            log.error(
                "stopped while the store is away: what waits becomes unreadable, because its key ends with us; "
                "set TRANSOM_SPOOL_KEY to keep it next time",
                exchanges=waiting,
            )


_PATIENCE_S = 5.0
"""How long a store that is away is waited for at the end, where the spool can be read later."""
