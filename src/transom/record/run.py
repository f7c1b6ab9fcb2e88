"""A recorder process, from its settings to its last record."""

from __future__ import annotations

import os
import platform

import structlog

from transom.config import Settings, shipped
from transom.process import stop_event
from transom.record.books import Books
from transom.record.recorder import Recorder
from transom.record.stages import Stages
from transom.redact.pool import RedactionPool
from transom.secret import Secret
from transom.spool.keys import key_outlives_us
from transom.store.engine import check_schema, connect
from transom.usage.pricing import PriceBook

log = structlog.get_logger()

NICENESS = 10
"""The gateway comes first wherever they share a core."""


async def run(settings: Settings, secret: Secret, keys: list[bytes]) -> None:
    """Record until SIGTERM, then what is left."""
    os.nice(NICENESS)
    stop = stop_event()
    engine = connect(settings.database)
    await check_schema(engine)
    prices = PriceBook.load(settings.prices.file or shipped("prices.json"))
    async with RedactionPool(settings, secret) as pool:
        await pool.ready()
        log.info("recorder runs", redaction=settings.redaction.profile, prices=prices.version)
        books = Books(engine, platform.node() or "localhost", secret)
        stages = Stages(prices, pool, secret)
        recorder = Recorder(settings.spool_dir, settings.data / "writers", keys, books, stages)
        await recorder.run(stop, outlive_writers=not key_outlives_us(settings))
    await engine.dispose()
