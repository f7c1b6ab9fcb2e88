"""Jobs are leased, done, tried again, and expired traces go."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from transom import worker
from transom.config import ConfigError, Proof, Retention, Settings
from transom.secret import Secret, load_secret
from transom.store import jobs
from transom.store.audit import Entry
from transom.store.dialect import writing
from transom.store.engine import connect, migrate
from transom.store.erasure import Target, erase
from transom.store.models import JOB, TRACE
from transom.store.write import write_batch
from transom.types import STORED, Ended, Operation, RedactedExchange, uuid7

DAY_NS = 86_400 * 10**9


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, retention=Retention(days=30), proof=Proof(daily=False))


@pytest.fixture
async def engine(settings: Settings):
    it = connect(settings.database)
    await migrate(it)
    yield it
    await it.dispose()


def exchange(started_at: int) -> RedactedExchange:
    return RedactedExchange(
        id=uuid7(),
        project_id="default",
        key_id="k",
        started_at=started_at,
        outcome=STORED,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
    )


async def count(engine: AsyncEngine, table: object) -> int:
    async with engine.connect() as conn:
        return int((await conn.execute(select(func.count()).select_from(table))).scalar_one())  # type: ignore[arg-type]


async def test_traces_past_their_time_are_deleted(engine: AsyncEngine, settings: Settings):
    now = time.time_ns()
    old, new = exchange(now - 31 * DAY_NS), exchange(now - 29 * DAY_NS)
    await write_batch(engine, [old, new], [], "here", Secret(b"s" * 32), None)
    await worker.schedule(engine, settings)
    assert await worker.work_once(engine, settings)
    assert await count(engine, TRACE) == 1


async def test_the_day_s_work_is_enqueued_once(engine: AsyncEngine, settings: Settings):
    for _ in range(3):
        await worker.schedule(engine, settings)
    assert await count(engine, JOB) == 1
    assert await worker.work_once(engine, settings)
    await worker.schedule(engine, settings)
    assert not await worker.work_once(engine, settings)


async def test_without_a_limit_no_trace_is_deleted(engine: AsyncEngine, tmp_path: Path):
    await write_batch(engine, [exchange(1)], [], "here", Secret(b"s" * 32), None)
    settings = Settings(data=tmp_path, proof=Proof(daily=False))
    await worker.schedule(engine, settings)
    assert await worker.work_once(engine, settings)
    assert await count(engine, TRACE) == 1


async def test_an_erasure_is_repeated(engine: AsyncEngine, settings: Settings):
    target = Target(before=time.time_ns(), one_of={"key_id": ["k"]})
    secret = load_secret(settings.data, None)
    assert await erase(engine, target, Entry(actor="admin token", action="erase_traces"), secret) == 0
    await write_batch(engine, [exchange(1)], [], "here", Secret(b"s" * 32), None)
    assert await worker.work_once(engine, settings)
    assert await count(engine, TRACE) == 0


async def test_it_does_not_run_with_an_archive_that_cannot_be(
    engine: AsyncEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("transom.store.archive.files.find_spec", lambda _: None)
    retention = Retention(archive=settings.data / "archive")
    with pytest.raises(ConfigError, match="pip install"):
        await worker.run(settings.model_copy(update={"retention": retention}))


async def test_a_job_that_fails_is_kept_for_later(
    engine: AsyncEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    async def fail(*_: object) -> None:
        raise ValueError("no luck")

    monkeypatch.setitem(worker.HANDLERS, "retention", fail)
    async with writing(engine) as conn:
        await jobs.enqueue(conn, "retention", {}, "default", "anonymous")
    assert await worker.work_once(engine, settings)
    async with engine.connect() as conn:
        row = (await conn.execute(select(JOB))).mappings().one()
    assert (row["state"], row["attempts"]) == ("ready", 1)
    assert row["run_at"] > time.time_ns()


async def test_it_stops_on_sigterm(engine: AsyncEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "nice", lambda _: None)
    running = asyncio.create_task(worker.run(settings))
    async with asyncio.timeout(10):
        while await count(engine, JOB) == 0:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    assert running.done()


async def test_the_proof_is_made_once_a_day_but_not_at_once(engine: AsyncEngine, tmp_path: Path):
    began = time.time_ns()
    for _ in range(2):
        await worker.schedule(engine, Settings(data=tmp_path))
    async with engine.connect() as conn:
        rows = (await conn.execute(select(JOB).where(JOB.c.kind == "prove"))).mappings().all()
    assert len(rows) == 1
    assert rows[0]["run_at"] >= began + int(worker.PROOF_DELAY_S) * 10**9


async def test_a_proof_is_a_job(engine: AsyncEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    proved = []

    async def note(given: Settings) -> None:
        proved.append(given)

    monkeypatch.setattr(worker, "prove_apart", note)
    async with writing(engine) as conn:
        await jobs.enqueue(conn, "prove", {}, "default", "anonymous")
    assert await worker.work_once(engine, settings)
    assert proved == [settings]
