"""Rows of two names that become rows of one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, say, trace_id, write
from transom.store.dialect import writing
from transom.store.models import SESSION_MESSAGE
from transom.store.rescrub.sessions import hold_instead, rename_session


async def held(db: AsyncEngine) -> list[tuple[str, int, str, str]]:
    return [
        (row["session"], row["message_id"], row["trace_id"], row["last_trace_id"])
        for row in await rows(db, SESSION_MESSAGE)
    ]


async def seed(db: AsyncEngine) -> None:
    one, two = say("user", "one"), say("user", "two")
    await write(db, exchange(1, session_id="a", input_messages=[one], output_messages=[]))
    await write(db, exchange(2, session_id="a", input_messages=[two], output_messages=[]))
    await write(db, exchange(3, session_id="b", input_messages=[one], output_messages=[]))


async def test_the_older_trace_brought_it_and_the_newer_sent_it_last(db: AsyncEngine) -> None:
    await seed(db)
    async with writing(db) as conn:
        await hold_instead(conn, 1, 2)
    assert await held(db) == [("a", 2, trace_id(1), trace_id(2)), ("b", 2, trace_id(3), trace_id(3))]


async def test_a_session_of_another_name_takes_the_messages(db: AsyncEngine) -> None:
    await seed(db)
    async with writing(db) as conn:
        await rename_session(conn, "default", "k_2", "b", "a")
        await rename_session(conn, "default", "k_1", "b", "a")
    assert await held(db) == [("a", 1, trace_id(1), trace_id(3)), ("a", 2, trace_id(2), trace_id(2))]
