from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, write
from transom.store.models import ROLLUP
from transom.store.positions import PositionAdvance, close_writer, completeness, read_position
from transom.types import metadata_only


def advance(expected: str, position: str, seen: int, **fields: Any) -> PositionAdvance:
    return PositionAdvance(writer_id="w1", expected=expected, position=position, seen=seen, **{"begun": 9, **fields})


async def books(db: AsyncEngine) -> dict[str, Any]:
    async with db.connect() as conn:
        return await completeness(conn)


async def outcomes_in_rollups(db: AsyncEngine) -> int:
    return sum(row["requests"] for row in await rows(db, ROLLUP) if row["step"] == 60)


async def test_an_unknown_writer_has_no_position(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        assert await read_position(conn, "w1") is None


async def test_what_is_begun_is_in_flight_until_it_is_recorded(db: AsyncEngine) -> None:
    lost = exchange(2, outcome=metadata_only("spool_full"))
    await write(db, exchange(1), lost, advance=advance("a", "b", seen=3, dropped={"spool_corrupt": 1}))
    async with db.connect() as conn:
        assert await read_position(conn, "w1") == "b"
    assert await books(db) == {
        "begun": 9,
        "stored": 1,
        "metadata_only": 1,
        "dropped": 1,
        "in_flight": 6,
        "unaccounted": 0,
        "reasons": {"stored": 1, "metadata_only:spool_full": 1, "dropped:spool_corrupt": 1},
    }
    assert await outcomes_in_rollups(db) == 3


async def test_closing_books_what_died_and_what_was_dropped(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2), advance=advance("a", "b", seen=2))
    assert await close_writer(db, "w1", "host-1", 9, {"spool_error": 3}) == 4
    found = await books(db)
    assert (found["begun"], found["stored"], found["dropped"], found["in_flight"]) == (9, 2, 7, 0)
    assert found["reasons"] == {"stored": 2, "dropped:spool_error": 3, "dropped:gateway_died": 4}
    assert await outcomes_in_rollups(db) == 9


async def test_closing_again_changes_nothing(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "b", seen=1))
    assert await close_writer(db, "w1", "host-1", 9, {}) == 8
    before = await books(db), await rows(db, ROLLUP)
    assert await close_writer(db, "w1", "host-2", 9, {}) == 0
    assert (await books(db), await rows(db, ROLLUP)) == before


async def test_a_writer_that_recorded_nothing_is_closed_too(db: AsyncEngine) -> None:
    assert await close_writer(db, "w2", "host-1", 2, {}) == 2
    assert (await books(db))["reasons"] == {"dropped:gateway_died": 2}


async def test_books_balance_even_when_the_counts_are_gone(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "b", seen=1, begun=0))
    assert await close_writer(db, "w1", "host-1", 0, {}) == 0
    found = await books(db)
    assert (found["begun"], found["stored"], found["unaccounted"]) == (1, 1, 0)


async def test_an_exchange_read_twice_is_booked_once(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("a", "a", seen=0, begun=1))
    await write(db, exchange(1), advance=advance("a", "b", seen=1, begun=1))
    found = await books(db)
    assert (found["begun"], found["stored"], found["in_flight"]) == (1, 1, 0)
