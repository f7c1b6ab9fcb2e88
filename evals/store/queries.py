"""How long the pages' questions take over a month of traces."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from statistics import median
from typing import Any

from rich.progress import track
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evals.store.databases import Place
from evals.store.rates import chunks, record
from evals.store.traffic import DAY_NS, NOW_NS, VOCABULARY, Texts, month, word
from transom.admin.metrics import exposition, read_numbers
from transom.config import Settings
from transom.store.completeness import completeness
from transom.store.engine import connect, migrate
from transom.store.models import TRACE
from transom.store.read import TraceFilter, filter_values, get_trace, list_traces
from transom.store.sessions import get_session, list_sessions
from transom.store.stats import stats

BATCH = 512
WARM_UP, REPEATS = 3, 15
"""How often each question is asked."""

Question = Callable[[AsyncConnection], Awaitable[Any]]


async def measure(place: Place, traces: int) -> list[dict[str, Any]]:
    """How many traces a second were stored, then milliseconds of each question, in the median."""
    await migrate(place.url)
    engine = connect(place.url)
    try:
        stored = {"question": f"(storing {traces} traces)", "traces_per_s": await fill(engine, traces)}
        return [stored, *await ask(engine, place)]
    finally:
        await engine.dispose()


async def fill(engine: AsyncEngine, traces: int) -> int:
    """Store a month of traces; gives how many a second were stored, their making not counted."""
    took = 0.0
    batches = chunks(month(Texts(), traces), BATCH)
    for number, batch in enumerate(track(batches, "storing a month", total=-(-traces // BATCH))):
        began = time.perf_counter()
        await record(engine, batch, number)
        took += time.perf_counter() - began
    if engine.dialect.name == "postgresql":  # as autovacuum does, sooner or later
        async with engine.connect() as conn:
            await (await conn.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
    return round(traces / took)


async def ask(engine: AsyncEngine, place: Place) -> list[dict[str, Any]]:
    """Milliseconds of each question: the median, and the mean of CPU time, which other programs disturb less."""
    rows = []
    async with engine.connect() as conn:
        questions = [item async for item in _questions(conn)]
    for name, question in questions:
        for _ in range(WARM_UP):
            await _ms(engine, question)
        cpu_s = place.cpu_s()
        times = [await _ms(engine, question) for _ in range(REPEATS)]
        cpu_ms = (place.cpu_s() - cpu_s) * 1_000 / REPEATS
        rows.append({"question": name, "ms": round(median(times), 1), "cpu_ms": round(cpu_ms, 1)})
    return rows


async def _ms(engine: AsyncEngine, question: Question) -> float:
    began = time.perf_counter()
    async with engine.connect() as conn:
        await question(conn)
    return (time.perf_counter() - began) * 1_000


async def _questions(conn: AsyncConnection) -> AsyncIterator[tuple[str, Question]]:
    middle = await conn.scalar(select(func.max(TRACE.c.id)).where(TRACE.c.started_at < NOW_NS - 15 * DAY_NS))
    session, user = (await conn.execute(_SOME_SESSION)).one()
    rare, usual, common = word(VOCABULARY - 1), word(1_000), word(0)
    filters = {
        "newest": TraceFilter(),
        "of a model": TraceFilter(model="gpt-5"),
        "failed": TraceFilter(status="error"),
        "of a session": TraceFilter(session_id=session),
        "of a user": TraceFilter(user_id=user),
        "of a day": TraceFilter(since=NOW_NS - 15 * DAY_NS, until=NOW_NS - 14 * DAY_NS),
        "with a rare word": TraceFilter(q=rare),
        "with a usual word": TraceFilter(q=usual),
        "with a common word": TraceFilter(q=common),
        "with two words": TraceFilter(q=f"{usual} {common}"),
        "with an unknown word": TraceFilter(q="xyzzy"),
    }
    for name, filter in filters.items():
        yield f"traces {name}", _listing(filter, None)
    yield "traces, a page in the middle", _listing(TraceFilter(), middle)
    yield "traces of a model, a page in the middle", _listing(TraceFilter(model="gpt-5"), middle)
    yield "a trace", lambda c: get_trace(c, middle)
    yield "sessions", list_sessions
    yield "sessions, a page in the middle", lambda c: list_sessions(c, middle)
    yield "a session", lambda c: get_session(c, session)
    for name, days in {"a day": 1, "a week": 7, "a month": 30}.items():
        yield f"numbers of {name}", _numbers(days)
    yield "filter menus", filter_values
    yield "completeness", lambda c: completeness(c, 30)
    yield "/metrics", _scrape


_SOME_SESSION = select(TRACE.c.session_id, TRACE.c.user_id).where(TRACE.c.session_id.is_not(None)).limit(1)


def _listing(filter: TraceFilter, cursor: str | None) -> Question:
    return lambda conn: list_traces(conn, filter, cursor)


def _numbers(days: int) -> Question:
    return lambda conn: stats(conn, NOW_NS - days * DAY_NS, NOW_NS)


async def _scrape(conn: AsyncConnection) -> None:
    exposition(await read_numbers(conn, Settings()))
