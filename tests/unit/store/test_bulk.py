from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import rows
from transom.store.bulk import insert_many, insert_new, lock_rows, one_of
from transom.store.dialect import writing
from transom.store.models import JOB, WITHDRAWN


def withdrawn(name: str, at: int = 1) -> dict[str, Any]:
    return {"project_id": "default", "key_id": "k_1", "feedback_id": name, "created_at": at}


def job(dedupe: str) -> dict[str, Any]:
    text = {"kind": "score", "dedupe": dedupe, "payload": "{}", "state": "ready"}
    return {"project_id": "default", "key_id": "k_1", **text, "attempts": 0, "run_at": 5}


LATER = "(project_id, key_id, feedback_id) DO UPDATE SET created_at = excluded.created_at"


async def test_rows_there_already_stay_and_are_not_counted(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        assert await insert_many(conn, WITHDRAWN, [withdrawn("a"), withdrawn("b")]) == 2
        assert await insert_many(conn, WITHDRAWN, [withdrawn("b", 9), withdrawn("c"), withdrawn("c")]) == 1
        assert await insert_many(conn, WITHDRAWN, []) == 0
    assert [(row["feedback_id"], row["created_at"]) for row in await rows(db, WITHDRAWN)] == [
        ("a", 1),
        ("b", 1),
        ("c", 1),
    ]


async def test_a_conflict_may_update(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        await insert_many(conn, WITHDRAWN, [withdrawn("a")])
        assert await insert_many(conn, WITHDRAWN, [withdrawn("a", 7), withdrawn("b", 8)], LATER) == 2
    assert [row["created_at"] for row in await rows(db, WITHDRAWN)] == [7, 8]


async def test_only_new_rows_are_returned(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        first = await insert_new(conn, JOB, [job("a"), job("b")], returning=("dedupe", "id"))
        await insert_many(conn, WITHDRAWN, [withdrawn("x")])
        second = await insert_new(conn, JOB, [job("b"), job("c"), job("d")], returning=("dedupe", "id"))
        assert await insert_new(conn, JOB, [job("a"), job("d")], returning=("dedupe", "id")) == []
        assert await insert_new(conn, JOB, [], returning=("id",)) == []
    stored = {row["dedupe"]: row["id"] for row in await rows(db, JOB)}
    assert dict(first) == {name: stored[name] for name in "ab"}
    assert dict(second) == {name: stored[name] for name in "cd"}


async def test_what_is_inserted_is_returned_even_if_no_number_is_asked_for(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        assert await insert_new(conn, JOB, [job("a"), job("b")], returning=("dedupe",)) == [("a",), ("b",)]
        assert await insert_new(conn, JOB, [job("b"), job("c")], returning=("dedupe",)) == [("c",)]


async def test_locked_rows_come_in_order_with_what_is_stored(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        await insert_many(conn, WITHDRAWN, [withdrawn(name, 5) for name in "dcba"])
        locked = await lock_rows(conn, WITHDRAWN, [withdrawn(name, 0) for name in "bd"])
        assert [(row["feedback_id"], row["created_at"]) for row in locked] == [("b", 5), ("d", 5)]
        assert await lock_rows(conn, WITHDRAWN, []) == []


async def test_a_column_is_compared_with_many_values(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        await insert_many(conn, JOB, [job(f"job '{number}'") for number in range(9)])
        wanted = [f"job '{number}'" for number in range(4, 2_000)]
        found = await conn.execute(select(JOB.c.dedupe).where(one_of(conn, JOB.c.dedupe, wanted)))
        assert sorted(found.scalars()) == wanted[:5]
        assert not (await conn.execute(select(JOB.c.id).where(one_of(conn, JOB.c.dedupe, [])))).all()
