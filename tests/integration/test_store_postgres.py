"""What only PostgreSQL can show: recorders and workers side by side. All else runs on it in tests/unit/store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db import postgres, postgres_db, postgres_url
from tests.unit.store.builders import NOON, begun, exchange, feedback, rows, say, trace_id, write
from transom.store import jobs
from transom.store.deletion import delete_traces
from transom.store.dialect import writing
from transom.store.engine import migrate
from transom.store.models import CHAIN, FEEDBACK, JOB, MESSAGE, ROLLUP, SESSION_MESSAGE, TRACE
from transom.store.positions import PositionAdvance, close_writer
from transom.store.read import get_trace
from transom.store.rollups import STEPS
from transom.store.write import PositionConflict
from transom.types import RedactedExchange

__all__ = ["postgres", "postgres_db", "postgres_url"]

pytestmark = pytest.mark.slow

SHARED = [say("system", f"shared {n}") for n in range(10)]


async def test_recorders_that_store_the_same_messages_at_once(postgres_db: AsyncEngine) -> None:
    async def record(recorder: int) -> None:
        for batch in range(10):
            first = recorder * 1_000 + batch * 10
            shared = SHARED if recorder % 2 else SHARED[::-1]
            traces = [exchange(first + n, session_id=f"s{n}", input_messages=shared) for n in range(10)]
            await write(postgres_db, *traces, recorder=f"host-{recorder}")

    await asyncio.gather(*(record(number) for number in range(4)))
    assert len(await rows(postgres_db, TRACE)) == 400
    shared = [row for row in await rows(postgres_db, MESSAGE) if row["role"] == "system"]
    assert len(shared) == 10
    assert len(await rows(postgres_db, SESSION_MESSAGE)) == 10 * 10 + 400


async def test_recorders_of_one_name_lose_no_count(postgres_db: AsyncEngine) -> None:
    await asyncio.gather(*(write(postgres_db, exchange(n, started_at=NOON)) for n in range(20)))
    assert [row["requests"] for row in await rows(postgres_db, ROLLUP)] == [20] * len(STEPS)


async def test_of_two_recorders_of_one_writer_one_gives_way(postgres_db: AsyncEngine) -> None:
    def advance(number: int) -> PositionAdvance:
        return PositionAdvance(writer_id="w", expected="a", position=f"b{number}", begun=begun(1))

    attempts = [write(postgres_db, exchange(n), advance=advance(n)) for n in range(5)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, PositionConflict) for result in results) == 4
    assert len(await rows(postgres_db, TRACE)) == 1


async def test_a_writer_is_closed_once(postgres_db: AsyncEngine) -> None:
    closed = await asyncio.gather(*(close_writer(postgres_db, "w", f"host-{n}", begun(3)) for n in range(5)))
    assert sorted(closed) == [0, 0, 0, 0, 3]


async def until_it_waits(db: AsyncEngine, task: asyncio.Task[Any]) -> None:
    """Wait until the task waits for a lock, or is done without."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with db.connect() as conn:
        while not task.done() and not (await conn.execute(waiting)).scalar():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", ["trace", "feedback"])
async def test_feedback_and_its_trace_stored_at_once_find_each_other(postgres_db: AsyncEngine, first: str) -> None:
    pair = [exchange(1), feedback(trace_id(1))]
    one, other = pair if first == "trace" else pair[::-1]
    async with postgres_db.begin() as conn:
        await write(conn, one)
        storing = asyncio.create_task(write(postgres_db, other))
        await until_it_waits(postgres_db, storing)
    await storing
    assert [row["trace_id"] for row in await rows(postgres_db, FEEDBACK)] == [trace_id(1)]


async def test_a_message_sent_again_while_it_is_deleted_is_stored_anew(postgres_db: AsyncEngine) -> None:
    await write(postgres_db, exchange(1, input_messages=SHARED))
    async with postgres_db.begin() as conn:
        await delete_traces(conn, [trace_id(1)])
        storing = asyncio.create_task(write(postgres_db, exchange(2, input_messages=SHARED)))
        await until_it_waits(postgres_db, storing)
    await storing
    async with postgres_db.connect() as conn:
        trace = await get_trace(conn, trace_id(2))
    assert trace is not None and len(trace["input_messages"]) == len(SHARED)


async def test_a_message_deleted_while_it_is_sent_again_stays(postgres_db: AsyncEngine) -> None:
    await write(postgres_db, exchange(1, input_messages=SHARED))
    async with postgres_db.begin() as conn:
        await write(conn, exchange(2, input_messages=SHARED))
        assert await delete_traces(postgres_db, [trace_id(1)]) == 1
    async with postgres_db.connect() as conn:
        trace = await get_trace(conn, trace_id(2))
    assert trace is not None and len(trace["input_messages"]) == len(SHARED)


async def test_retention_takes_no_message_that_is_being_sent_again(postgres_db: AsyncEngine) -> None:
    async def record() -> None:
        for number in range(40):
            old = exchange(number, input_messages=SHARED, started_at=NOON)
            await write(postgres_db, old, recorder="host-1")
            await write(postgres_db, exchange(1_000 + number, input_messages=SHARED), recorder="host-1")

    async def delete_some() -> int:
        old = [row["id"] for row in await rows(postgres_db, TRACE) if row["started_at"] == NOON]
        return await delete_traces(postgres_db, old[:5])

    async def expire() -> None:
        while not recording.done():
            await delete_some()

    recording = asyncio.create_task(record())
    await asyncio.gather(recording, expire())
    while await delete_some():
        pass
    held = {row["message_id"] for row in await rows(postgres_db, SESSION_MESSAGE)}
    assert {row["id"] for row in await rows(postgres_db, MESSAGE)} == held
    assert len(await rows(postgres_db, TRACE)) == 40


async def test_workers_never_share_a_job(postgres_db: AsyncEngine) -> None:
    async with writing(postgres_db) as conn:
        for number in range(50):
            await jobs.enqueue(conn, "score", {"n": number}, "default", "k_1")

    async def work() -> list[int]:
        done = []
        while claimed := await jobs.claim(postgres_db, ["score"], 60, 3):
            for job in claimed:
                assert await jobs.complete(postgres_db, job)
                done.append(job.id)
        return done

    done = [job for worker in await asyncio.gather(*(work() for _ in range(4))) for job in worker]
    assert sorted(done) == [row["id"] for row in await rows(postgres_db, JOB)]


async def test_processes_that_migrate_at_once_wait_for_each_other(postgres_db: AsyncEngine) -> None:
    async with postgres_db.begin() as conn:
        await conn.execute(text("DROP SCHEMA public CASCADE"))
        await conn.execute(text("CREATE SCHEMA public"))
    await asyncio.gather(*(migrate(postgres_db) for _ in range(3)))
    await write(postgres_db, exchange(1))
    assert len(await rows(postgres_db, TRACE)) == 1


async def test_recorders_that_go_on_with_the_same_conversations_at_once(postgres_db: AsyncEngine) -> None:
    def turn(number: int, conversation: int) -> RedactedExchange:
        said = [say("user", f"q{conversation}"), say("assistant", f"a{conversation}"), say("user", f"more {number}")]
        return exchange(number, input_messages=said)

    firsts = [
        exchange(n, input_messages=[say("user", f"q{n}")], output_messages=[say("assistant", f"a{n}")])
        for n in range(20)
    ]
    await write(postgres_db, *firsts)
    seconds = [[turn(20 * at + n, n) for n in range(20)] for at in range(1, 5)]
    await asyncio.gather(*(write(postgres_db, *turns[:: (-1) ** n]) for n, turns in enumerate(seconds)))
    sessions = [row["session_id"] for row in await rows(postgres_db, TRACE)]
    assert sessions == [trace_id(n) for n in range(20)] * 5
    chains = await rows(postgres_db, CHAIN)
    assert {row["trace_id"] for row in chains if not row["open"]} == {trace_id(n) for n in range(20)}
