from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import rows
from transom.store import jobs
from transom.store.dialect import writing
from transom.store.models import JOB


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000 * 10**9

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 10**9)

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(jobs, "time_ns", clock)
    return clock


async def add(db: AsyncEngine, kind: str = "score", dedupe: str | None = None, **payload: str) -> bool:
    async with writing(db) as conn:
        return await jobs.enqueue(conn, kind, payload, "default", "k_1", dedupe)


async def take(db: AsyncEngine, lease_s: float = 60, limit: int = 10) -> list[jobs.Job]:
    return await jobs.claim(db, ["score"], lease_s, limit)


async def test_a_job_is_leased_to_one_and_done_once(db: AsyncEngine, clock: Clock) -> None:
    assert await add(db, trace="t1")
    (job,) = await take(db)
    assert (job.kind, job.payload, job.attempts, job.key_id) == ("score", {"trace": "t1"}, 1, "k_1")
    assert await take(db) == []
    assert await jobs.complete(db, job)
    clock.advance(3600)
    assert await take(db) == []


async def test_a_job_belongs_to_the_transaction_that_enqueues_it(db: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        async with writing(db) as conn:
            await jobs.enqueue(conn, "score", {}, "default", "k_1")
            raise RuntimeError
    assert await take(db) == []


async def test_many_jobs_are_added_at_once(db: AsyncEngine, clock: Clock) -> None:
    wanted = [
        jobs.NewJob(kind="score", payload={"n": n}, project_id="default", key_id="k_1", dedupe=f"trace {n % 4}")
        for n in range(5)
    ]
    async with writing(db) as conn:
        assert await jobs.enqueue_all(conn, wanted) == 4
        assert await jobs.enqueue_all(conn, wanted) == await jobs.enqueue_all(conn, []) == 0
    assert sorted(job.payload["n"] for job in await take(db)) == [0, 1, 2, 3]


async def test_equal_dedupe_keys_are_one_job_even_when_it_is_done(db: AsyncEngine, clock: Clock) -> None:
    assert [await add(db, dedupe="today"), await add(db, dedupe="today"), await add(db, dedupe="now")] == [
        True,
        False,
        True,
    ]
    for job in await take(db):
        await jobs.complete(db, job)
    assert not await add(db, dedupe="today")


async def test_what_was_done_long_ago_is_forgotten(db: AsyncEngine, clock: Clock) -> None:
    for _ in range(2):
        await add(db)
        (job,) = await take(db)
        await jobs.complete(db, job)
        clock.advance(jobs.KEEP_DONE_S + 1)
    assert len(await rows(db, JOB)) == 1


async def test_limit_kinds_and_order(db: AsyncEngine, clock: Clock) -> None:
    for n in range(3):
        await add(db, n=str(n))
        clock.advance(1)
    await add(db, kind="export")
    assert [job.payload["n"] for job in await take(db, limit=2)] == ["0", "1"]
    assert [job.payload["n"] for job in await take(db, limit=2)] == ["2"]


async def test_a_lease_that_ran_out_goes_to_somebody_else(db: AsyncEngine, clock: Clock) -> None:
    await add(db)
    (lost,) = await take(db, lease_s=60)
    clock.advance(61)
    (job,) = await take(db)
    assert (job.id, job.attempts) == (lost.id, 2)
    assert not await jobs.complete(db, lost)
    assert not await jobs.fail(db, lost)
    assert await jobs.complete(db, job)


async def test_a_failed_job_waits_twice_as_long_each_time_and_dies(db: AsyncEngine, clock: Clock) -> None:
    await add(db)
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        (job,) = await take(db)
        assert job.attempts == attempt
        await jobs.fail(db, job)
        delay = min(jobs.FIRST_DELAY_S * 2 ** (attempt - 1), jobs.LONGEST_DELAY_S)
        clock.advance(delay - 1)
        assert await take(db) == []
        clock.advance(1)
    assert await take(db) == []
    assert [row["state"] for row in await rows(db, JOB)] == [jobs.DEAD]


async def test_a_job_that_kills_its_workers_dies(db: AsyncEngine, clock: Clock) -> None:
    await add(db)
    for _ in range(jobs.MAX_ATTEMPTS):
        assert len(await take(db, lease_s=60)) == 1
        clock.advance(61)
    assert await take(db) == []
    assert [row["state"] for row in await rows(db, JOB)] == [jobs.DEAD]
