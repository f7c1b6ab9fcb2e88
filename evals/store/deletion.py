"""How long a writer waits while retention takes out what has expired, and how fast that goes.

    .venv/bin/python -m evals.store.deletion [--traces 100000] [--database sqlite] [--content]

fills a database with traces that have expired, then runs retention while batches are written, and prints both.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from statistics import median

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from evals.store.databases import KINDS, place
from evals.store.traffic import DAY_NS, Texts, month
from transom.config import Retention
from transom.secret import Secret
from transom.store.engine import connect, migrate
from transom.store.retention import expire
from transom.store.write import write_batch
from transom.types import RedactedExchange

SECRET = Secret(b"evaluation".ljust(32))
WRITTEN = 64
"""Exchanges in each batch of the writer."""

PAUSE_S = 0.05
AGO_NS = 400 * DAY_NS
KEPT_DAYS = 100


def old(count: int) -> list[RedactedExchange]:
    """A month that ended long ago; ids are in the order of their times."""
    return [_moved(exchange, exchange.started_at - AGO_NS, n) for n, exchange in enumerate(month(Texts(), count))]


def new(texts: Texts, number: int) -> list[RedactedExchange]:
    """The `number`th batch of today's."""
    now = time.time_ns()
    return [_moved(exchange, now, number * WRITTEN + n) for n, exchange in enumerate(month(texts, WRITTEN))]


def _moved(exchange: RedactedExchange, started_at: int, number: int) -> RedactedExchange:
    ms = started_at // 10**6
    trace_id = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:012x}"
    return msgspec.structs.replace(exchange, id=trace_id, started_at=started_at)


async def fill(db: AsyncEngine, count: int) -> None:
    exchanges = old(count)
    for start in range(0, len(exchanges), 500):
        await write_batch(db, exchanges[start : start + 500], [], "old", SECRET, None)


async def write_until(db: AsyncEngine, done: asyncio.Event) -> list[float]:
    """Write batches; gives the seconds that each took."""
    texts, took = Texts(3), []
    while not done.is_set():
        batch = new(texts, len(took))
        began = time.perf_counter()
        await write_batch(db, batch, [], "new", SECRET, None)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE_S)
    return took


async def measure(url: str, count: int, content: bool) -> dict[str, object]:
    await migrate(url)
    db, other = connect(url), connect(url)
    try:
        await fill(db, count)
        alone = asyncio.Event()
        asyncio.get_running_loop().call_later(10, alone.set)
        before = await write_until(other, alone)
        limits = {"content_days": KEPT_DAYS} if content else {"days": KEPT_DAYS}
        done = asyncio.Event()
        writing = asyncio.create_task(write_until(other, done))
        began = time.perf_counter()
        expired = await expire(db, Retention(**limits))
        seconds = time.perf_counter() - began
        done.set()
        during = await writing
    finally:
        await db.dispose()
        await other.dispose()
    return {
        **expired,
        "seconds": round(seconds, 1),
        "traces_per_s": round(sum(expired.values()) / seconds),
        "batch_alone_ms": [round(1000 * f(before)) for f in (median, max)],
        "batch_meanwhile_ms": [round(1000 * f(during)) for f in (median, max)],
        "batches": len(during),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--content", action="store_true", help="let the content alone expire")
    given = parser.parse_args()
    with place(given.database) as here:
        print(asyncio.run(measure(here.url, given.traces, given.content)))


if __name__ == "__main__":
    main()
