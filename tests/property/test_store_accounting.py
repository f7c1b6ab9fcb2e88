"""Whatever is written, in whatever batches and how often: the rollups add up to the traces, and so do the books."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db import sqlite_template
from tests.unit.store.builders import begun, exchange, rows, write
from transom.store.completeness import completeness
from transom.store.engine import connect
from transom.store.models import ROLLUP, TRACE
from transom.store.positions import PositionAdvance, close_writer
from transom.store.rollups import STEPS
from transom.store.rows import TOKENS
from transom.types import STORED, Cost, Ended, Operation, RedactedExchange, Usage, metadata_only

__all__ = ["sqlite_template"]

maybe_count = st.none() | st.integers(0, 10**6)
usages = st.builds(Usage, **dict.fromkeys(TOKENS, maybe_count))
costs = st.builds(Cost, picodollars=st.none() | st.integers(0, 10**15))
exchanges = st.builds(
    exchange,
    st.integers(0, 7_200),
    key_id=st.sampled_from(["k_1", "k_2"]),
    operation=st.sampled_from([Operation.CHAT, Operation.RESPONSES]),
    method=st.sampled_from(["POST", "POST", "GET"]),
    response_id=st.sampled_from([None, "r1", "r2"]),
    model=st.sampled_from([None, "a", "b"]),
    outcome=st.sampled_from([STORED, metadata_only("spool_full")]),
    ended=st.sampled_from([Ended.COMPLETE, Ended.CLIENT_LEFT]),
    status_code=st.sampled_from([None, 200, 404, 500]),
    latency_ms=st.none() | st.floats(0, 10**6),
    ttft_ms=st.none() | st.floats(0, 10**6),
    usage=usages,
    cost=costs,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(exchanges, max_size=6), max_size=5), died=st.integers(0, 3))
def test_rollups_and_books_add_up_to_the_traces(
    sqlite_template: Path, batches: list[list[RedactedExchange]], died: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(sqlite_template, Path(folder) / "transom.db")
        asyncio.run(_check(f"sqlite:///{path}", batches, died))


async def _check(url: str, batches: list[list[RedactedExchange]], died: int) -> None:
    db = connect(url)
    try:
        count = len({e.id for batch in batches for e in batch}) + died
        await _write(db, batches, count)
        traces = await rows(db, TRACE)
        for step in STEPS:
            assert _added_up(await rows(db, ROLLUP), step) == _expected(traces)
        assert await close_writer(db, "w", "host-1", begun(count)) == died
        async with db.connect() as conn:
            books = await completeness(conn)
        outcomes = Counter(trace["outcome"] for trace in traces)
        assert books["begun"] == count == books["stored"] + books["metadata_only"] + books["dropped"]
        assert (books["stored"], books["dropped"]) == (outcomes["stored"], died)
    finally:
        await db.dispose()


async def _write(db: AsyncEngine, batches: list[list[RedactedExchange]], count: int) -> None:
    for number, batch in enumerate(batches):
        advance = PositionAdvance(writer_id="w", expected=str(number), position=str(number + 1), begun=begun(count))
        await write(db, *batch, advance=advance)
        await write(db, *batch)


def _added_up(rollups: list[dict[str, Any]], step: int) -> Counter[str]:
    of_step = [row for row in rollups if row["step"] == step]
    names = ("requests", "errors", "unpriced", "cost", *TOKENS)
    return +Counter({name: sum(row[name] for row in of_step) for name in names})


def _expected(traces: list[dict[str, Any]]) -> Counter[str]:
    billed = [trace for trace in traces if trace["billed"]]
    sums = Counter({name: sum(trace[name] or 0 for trace in billed) for name in ("cost", *TOKENS)})
    sums.update(requests=len(traces), errors=sum(trace["failed"] for trace in traces))
    sums.update(unpriced=sum(trace["cost"] is None for trace in billed))
    return +sums
