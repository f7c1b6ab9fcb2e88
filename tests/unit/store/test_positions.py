from __future__ import annotations

import time
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import NOON, begun, exchange, rows, write
from transom.store.completeness import completeness
from transom.store.models import ROLLUP, SPOOL_POSITION
from transom.store.positions import (
    PositionAdvance,
    close_writer,
    look_at_writer,
    read_position,
    read_positions,
    silent_writers,
)
from transom.types import DAY_NS, Begun, metadata_only

DAY = NOON // DAY_NS


def advance(expected: str, position: str, **fields: Any) -> PositionAdvance:
    return PositionAdvance(writer_id="w1", expected=expected, position=position, **{"begun": begun(9), **fields})


async def books(db: AsyncEngine) -> dict[str, Any]:
    async with db.connect() as conn:
        return await completeness(conn, days=7)


async def outcomes_in_rollups(db: AsyncEngine) -> int:
    return sum(row["requests"] for row in await rows(db, ROLLUP) if row["step"] == 60)


async def test_an_unknown_writer_has_no_position(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        assert await read_position(conn, "w1") is None


async def test_what_is_begun_is_in_flight_until_it_is_recorded(db: AsyncEngine) -> None:
    lost = exchange(2, outcome=metadata_only("spool_full"))
    await write(db, exchange(1), lost, advance=advance("a", "b", dropped={DAY: {"spool_corrupt": 1}}))
    async with db.connect() as conn:
        assert await read_position(conn, "w1") == "b"
    numbers = {
        "begun": 9,
        "stored": 1,
        "metadata_only": 1,
        "dropped": 1,
        "in_flight": 6,
        "unaccounted": 0,
        "reasons": {"stored": 1, "metadata_only:spool_full": 1, "dropped:spool_corrupt": 1},
        "ended": {"complete": 2},
    }
    found = await books(db)
    assert {name: found[name] for name in numbers} == numbers
    assert found["days"] == [{"day": "2023-11-14", **numbers}]
    assert await outcomes_in_rollups(db) == 3


async def test_closing_books_what_died_and_what_was_dropped(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2), advance=advance("a", "b"))
    assert await close_writer(db, "w1", "host-1", begun(9, undone=3)) == 4
    found = await books(db)
    assert (found["begun"], found["stored"], found["dropped"], found["in_flight"]) == (9, 2, 7, 0)
    assert found["reasons"] == {"stored": 2, "dropped:spool_error": 3, "dropped:gateway_died": 4}
    assert await outcomes_in_rollups(db) == 9


async def test_closing_again_changes_nothing(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "b"))
    assert await close_writer(db, "w1", "host-1", begun(9)) == 8
    before = await books(db), await rows(db, ROLLUP)
    assert await close_writer(db, "w1", "host-2", begun(9)) == 0
    assert (await books(db), await rows(db, ROLLUP)) == before


async def test_a_writer_that_recorded_nothing_is_closed_too(db: AsyncEngine) -> None:
    assert await close_writer(db, "w2", "host-1", begun(2)) == 2
    assert (await books(db))["reasons"] == {"dropped:gateway_died": 2}


async def test_books_balance_even_when_the_counts_are_gone(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "b", begun=begun(0)))
    assert await close_writer(db, "w1", "host-1", begun(0)) == 0
    found = await books(db)
    assert (found["begun"], found["stored"], found["unaccounted"]) == (1, 1, 0)


async def test_an_exchange_read_twice_is_booked_once(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "a", begun=begun(1)))
    await write(db, exchange(1), advance=advance("a", "b", begun=begun(1)))
    found = await books(db)
    assert (found["begun"], found["stored"], found["in_flight"]) == (1, 1, 0)


async def test_each_day_has_its_own_books(db: AsyncEngine) -> None:
    both = Begun(first_day=DAY - 1, last_day=DAY, exchanges={DAY - 1: 3, DAY: 2}, undone={DAY - 1: 1})
    yesterday = exchange(1, started_at=NOON - DAY_NS)
    await write(db, yesterday, exchange(2), advance=advance("a", "b", begun=both))
    assert await close_writer(db, "w1", "host-1", both) == 2
    days = {day["day"]: (day["begun"], day["stored"], day["reasons"]) for day in (await books(db))["days"]}
    assert days == {
        "2023-11-14": (2, 1, {"stored": 1, "dropped:gateway_died": 1}),
        "2023-11-13": (3, 1, {"stored": 1, "dropped:gateway_died": 1, "dropped:spool_error": 1}),
    }


async def test_what_an_idle_writer_has_begun_is_in_flight(db: AsyncEngine) -> None:
    await look_at_writer(db, "w1", "host-1", begun(2))
    assert (await books(db))["in_flight"] == 2
    await write(db, exchange(1), advance=advance("a", "b", begun=begun(2)))
    await look_at_writer(db, "w1", "host-1", begun(3, undone=1))
    found = await books(db)
    assert (found["begun"], found["stored"], found["dropped"], found["in_flight"]) == (3, 1, 1, 1)
    assert await outcomes_in_rollups(db) == 2


async def test_the_lag_grows_when_nobody_has_looked_for_long(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "b", lag_ns=5 * 10**9))
    assert (await books(db))["lag_s"] == 5
    async with db.begin() as conn:
        await conn.execute(update(SPOOL_POSITION).values(looked_at=time.time_ns() - 60 * 10**9))
    assert 65 <= (await books(db))["lag_s"] < 80
    await close_writer(db, "w1", "host-1", begun(9))
    assert (await books(db))["lag_s"] == 0


async def test_writers_fall_silent_after_an_hour_at_home_and_after_a_week_elsewhere(db: AsyncEngine) -> None:
    hour, day = 3600 * 10**9, DAY_NS
    ages = {"mine": ("host-1", 2 * hour), "fresh": ("host-1", 0), "away": ("host-2", day), "gone": ("host-2", 8 * day)}
    for writer_id, (host, age) in ages.items():
        await look_at_writer(db, writer_id, host, begun(1))
        async with db.begin() as conn:
            row = update(SPOOL_POSITION).where(SPOOL_POSITION.c.writer_id == writer_id)
            await conn.execute(row.values(looked_at=time.time_ns() - age))
    async with db.connect() as conn:
        assert sorted(await silent_writers(conn, "host-1", hour)) == ["gone", "mine"]
        assert sorted(await read_positions(conn)) == []
