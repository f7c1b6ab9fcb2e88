from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, at, exchange, rows, trace_id, write
from transom.store.audit import Entry
from transom.store.deletion import delete_traces, expire_content
from transom.store.erasure import Target, erase
from transom.store.models import ENTITY_HASH, TRACE
from transom.store.read import TraceFilter, list_traces
from transom.types import EntityHash

ANN, BOB = EntityHash("PERSON", b"a" * 16), EntityHash("PERSON", b"b" * 16)


async def held(db: AsyncEngine) -> list[tuple[bytes, str]]:
    return [(row["hash"], row["trace_id"]) for row in await rows(db, ENTITY_HASH)]


async def test_what_a_trace_holds_is_kept_once(db: AsyncEngine) -> None:
    one = exchange(1, entity_hashes=[ANN, BOB, ANN])
    await write(db, one)
    await write(db, one, exchange(2))
    assert await held(db) == [(ANN.hash, trace_id(1)), (BOB.hash, trace_id(1))]
    (row, _) = await rows(db, ENTITY_HASH)
    assert (row["project_id"], row["key_id"], row["started_at"]) == ("default", "k_1", at(1))


async def test_traces_are_found_by_what_they_hold(db: AsyncEngine) -> None:
    await write(
        db, exchange(1, entity_hashes=[ANN]), exchange(2, entity_hashes=[BOB]), exchange(3, entity_hashes=[ANN])
    )
    async with db.connect() as conn:
        page = await list_traces(conn, TraceFilter(entity_hash=ANN.hash))
    assert [row["id"] for row in page.rows] == [trace_id(3), trace_id(1)]


async def test_it_goes_with_the_trace_and_with_its_content(db: AsyncEngine) -> None:
    await write(db, *(exchange(n, entity_hashes=[ANN]) for n in range(3)))
    await delete_traces(db, [trace_id(0)])
    await expire_content(db, [trace_id(1)], at(9))
    assert await held(db) == [(ANN.hash, trace_id(2))]


async def test_all_traces_that_hold_a_value_are_erased(db: AsyncEngine) -> None:
    await write(db, *(exchange(n, entity_hashes=[ANN] if n % 2 else [BOB]) for n in range(4)))
    target = Target(before=at(3), project_id="default", entity_hash=ANN.hash)
    assert await erase(db, target, Entry(actor="admin token", action="erase_entity"), SECRET) == 1
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(0), trace_id(2), trace_id(3)]
    assert not target.of_nothing_but("user_id")
