from __future__ import annotations

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import MINUTE, NOON, exchange, write
from transom.store.models import ROLLUP
from transom.store.stats import percentile, stats
from transom.types import Cost, Ended, Usage, metadata_only

HOUR = 60 * MINUTE


@pytest.fixture(autouse=True)
def soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the traffic of NOON was today's."""
    monkeypatch.setattr("transom.store.stats.time.time_ns", lambda: NOON + 24 * HOUR)


async def test_numbers_of_an_hour(db: AsyncEngine) -> None:
    await write(
        db,
        exchange(1, model="a"),
        exchange(70, model="a", status_code=503, ended=Ended.UPSTREAM_FAILED, usage=Usage(), cost=Cost()),
        exchange(71, model="b", outcome=metadata_only("spool_full")),
    )
    async with db.connect() as conn:
        found = await stats(conn, NOON, NOON + HOUR)
    assert (found["step_s"], found["requests"], found["errors"]) == (60, 3, 1)
    assert (found["input_tokens"], found["cost_usd"], found["unpriced"], found["uncounted"]) == (
        200,
        "0.000005",
        1,
        1,
    )
    assert found["outcomes"] == {"stored": 2, "metadata_only:spool_full": 1}
    assert found["endings"] == {"complete": 2, "upstream_failed": 1}
    assert found["statuses"] == {"2xx": 2, "5xx": 1}
    assert [(row["model"], row["requests"]) for row in found["by_model"]] == [("a", 2), ("b", 1)]
    assert [(row["start"] - NOON, row["requests"]) for row in found["series"]] == [(0, 1), (MINUTE, 2)]
    assert 640 < found["latency_p50_ms"] <= 1280


async def test_long_times_are_told_by_the_hour(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2, started_at=NOON + 5 * HOUR))
    async with db.connect() as conn:
        found = await stats(conn, NOON, NOON + 24 * HOUR)
    assert found["step_s"] == 3600
    assert [(row["start"] - NOON, row["requests"]) for row in found["series"]] == [(0, 1), (5 * HOUR, 1)]


async def test_a_short_time_long_ago_is_told_by_the_hour_as_its_minutes_are_gone(
    db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(db, exchange(1), exchange(70))
    monkeypatch.setattr("transom.store.stats.time.time_ns", lambda: NOON + 8 * 24 * HOUR)
    async with db.begin() as conn:
        await conn.execute(delete(ROLLUP).where(ROLLUP.c.step == 60))
        found = await stats(conn, NOON + 30 * MINUTE, NOON + 40 * MINUTE)
    assert (found["step_s"], found["requests"]) == (3600, 2)


async def test_still_longer_times_are_told_by_the_day(db: AsyncEngine) -> None:
    day = 24 * HOUR
    midnight = NOON // day * day
    await write(db, exchange(1, started_at=midnight), exchange(2, started_at=midnight + 5 * HOUR))
    await write(db, exchange(3, started_at=midnight + 20 * day, model="other"))
    async with db.connect() as conn:
        found = await stats(conn, midnight + HOUR, midnight + 30 * day)
    assert (found["step_s"], found["requests"]) == (86_400, 3)
    assert [(row["start"] - midnight, row["requests"]) for row in found["series"]] == [(0, 2), (20 * day, 1)]
    assert [row["requests"] for row in found["by_model"]] == [2, 1]


async def test_recorders_and_batches_add_up(db: AsyncEngine) -> None:
    await write(db, exchange(1), recorder="host-1")
    await write(db, exchange(2), recorder="host-1")
    await write(db, exchange(3), recorder="host-2")
    async with db.connect() as conn:
        assert (await stats(conn, NOON, NOON + HOUR))["requests"] == 3


async def test_only_the_project_and_time_asked_for(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2, project_id="_transom"), exchange(3, started_at=NOON + HOUR))
    async with db.connect() as conn:
        found = await stats(conn, NOON, NOON + HOUR, project_id="default")
    assert found["requests"] == 1


async def test_without_traffic_nothing_is_made_up(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        found = await stats(conn, NOON, NOON + HOUR)
    assert (found["requests"], found["cost_usd"], found["latency_p50_ms"], found["series"]) == (0, "0", None, [])


async def test_a_cost_of_which_nothing_is_known_is_none(db: AsyncEngine) -> None:
    await write(db, exchange(1, cost=Cost()))
    async with db.connect() as conn:
        assert (await stats(conn, NOON, NOON + HOUR))["cost_usd"] is None


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ([0, 0, 0], 0.5, None),
        ([4, 0, 0], 0.5, 5.0),
        ([1, 1, 0], 0.5, 10.0),
        ([0, 2, 0], 0.95, 19.5),
        ([0, 0, 3], 0.5, 20.0),
    ],
)
def test_percentiles_are_straight_lines_within_a_bucket(counts: list[int], share: float, value: float | None) -> None:
    assert percentile((10, 20), counts, share) == (None if value is None else pytest.approx(value))
