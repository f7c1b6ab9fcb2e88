"""How many traces a second the store takes, as the recorder gives them: in batches, with a job for each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from statistics import median
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from evals.store.databases import Place
from evals.store.traffic import DAY_NS, Texts, single_turns
from transom.secret import Secret
from transom.store import jobs
from transom.store.engine import connect, migrate
from transom.store.positions import PositionAdvance
from transom.store.write import write_batch
from transom.types import Begun, RedactedExchange

SECRET = Secret(b"evaluation".ljust(32))
SIZES = ((500, 2_000), (500, 2_000))
"""Bytes of a question, and of an answer."""

WARM_UP = 3
"""Batches that aren't counted."""


async def measure(place: Place, traces: int, batch: int) -> dict[str, Any]:
    """Store fresh texts, two a trace; gives traces per second, in all, of the median batch, and by CPU time."""
    batches = list(chunks(single_turns(Texts(), traces + WARM_UP * batch, traces / 1_000, SIZES), batch))
    await migrate(place.url)
    engine = connect(place.url)
    times = []
    try:
        for number, exchanges in enumerate(batches):
            if number == WARM_UP:
                cpu_s = place.cpu_s()
            began = time.perf_counter()
            await record(engine, exchanges, number)
            times.append(time.perf_counter() - began)
        cpu_s = place.cpu_s() - cpu_s
    finally:
        await engine.dispose()
    counted = times[WARM_UP:]
    return {
        "batch": batch,
        "text_bytes_per_trace": sum(map(sum, SIZES)) // 2,
        "traces_per_s": round(traces / sum(counted)),
        "median_traces_per_s": round(batch / median(counted)),
        "traces_per_cpu_s": round(traces / cpu_s),
    }


def chunks(items: Iterable[RedactedExchange], size: int) -> Iterator[list[RedactedExchange]]:
    """The items, so many at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


async def record(engine: AsyncEngine, exchanges: Sequence[RedactedExchange], number: int) -> None:
    """What a recorder's transaction does; `number` counts its batches."""
    day, begun = exchanges[0].started_at // DAY_NS, (number + 1) * len(exchanges)
    counts = Begun(first_day=day, last_day=day + 1, exchanges={day: begun})
    advance = PositionAdvance(writer_id="writer", expected=str(number), position=str(number + 1), begun=counts)
    async with engine.begin() as conn:
        written = await write_batch(conn, exchanges, [], "host", SECRET, advance)
        await jobs.enqueue_all(conn, [_job(trace_id) for trace_id in written.traces])


def _job(trace_id: str) -> jobs.NewJob:
    payload = {"trace_id": trace_id}
    return jobs.NewJob(kind="score", payload=payload, project_id="default", key_id="k_1", dedupe=trace_id)
