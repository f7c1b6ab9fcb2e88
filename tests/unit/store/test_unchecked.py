from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, write
from transom.store.unchecked import count_unchecked
from transom.types import OWN_PROJECT


async def test_traces_are_counted_by_language(db: AsyncEngine) -> None:
    spoken = [["bn"], ["bn", "hi"], [], ["bn"]]
    await write(db, *(exchange(n, names_unchecked=languages) for n, languages in enumerate(spoken)))
    await write(db, exchange(9, names_unchecked=["ru"], project_id=OWN_PROJECT))
    async with db.connect() as conn:
        assert list((await count_unchecked(conn)).items()) == [("bn", 3), ("hi", 1)]


async def test_no_other_trace_is_read_for_it(sqlite_url: str, db: AsyncEngine) -> None:
    plan = "EXPLAIN QUERY PLAN SELECT names_unchecked, count(*) FROM trace WHERE names_unchecked <> '[]' GROUP BY 1"
    if db.dialect.name == "sqlite":
        async with db.connect() as conn:
            steps = str((await conn.execute(text(plan))).all())
        assert "USING COVERING INDEX trace_names" in steps
    else:
        async with db.connect() as conn:
            await conn.execute(text("SET enable_seqscan = off"))
            steps = str((await conn.execute(text(plan.replace("EXPLAIN QUERY PLAN", "EXPLAIN")))).all())
        assert "trace_names" in steps
