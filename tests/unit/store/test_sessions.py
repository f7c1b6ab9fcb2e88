from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import NOON, exchange, feedback, say, trace_id, write
from transom.store.sessions import get_session, list_sessions
from transom.types import Cost, Usage


async def test_sessions_come_by_their_newest_trace(db: AsyncEngine) -> None:
    traces = [exchange(n, session_id=s) for n, s in enumerate("abacbd")]
    await write(db, *traces, exchange(9))
    async with db.connect() as conn:
        first = await list_sessions(conn, limit=3)
        second = await list_sessions(conn, first.next_cursor, limit=3)
    assert [row["session_id"] for row in first.rows] == ["d", "b", "c"]
    assert [row["session_id"] for row in second.rows] == ["a"]
    assert second.next_cursor is None


async def test_a_session_adds_up_its_traces(db: AsyncEngine) -> None:
    unknown = exchange(2, session_id="s", usage=Usage(), cost=Cost(), status_code=500, user_id="ann")
    await write(db, exchange(1, session_id="s"), unknown)
    async with db.connect() as conn:
        (row,) = (await list_sessions(conn)).rows
    assert row == {
        "project_id": "default",
        "key_id": "k_1",
        "session_id": "s",
        "session_source": "client",
        "user_id": "ann",
        "app": None,
        "input_preview": "question 2",
        "output_preview": "answer 2",
        "started_at": NOON + 10**9,
        "last_started_at": NOON + 2 * 10**9,
        "last_trace_id": trace_id(2),
        "traces": 2,
        "errors": 1,
        "unpriced": 1,
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": "0.0000025",
    }


async def test_nothing_known_is_none(db: AsyncEngine) -> None:
    await write(db, exchange(1, session_id="s", usage=Usage(), cost=Cost()))
    async with db.connect() as conn:
        (row,) = (await list_sessions(conn)).rows
    assert (row["input_tokens"], row["cost_usd"]) == (None, None)


async def test_equal_session_ids_of_two_keys_are_two_sessions(db: AsyncEngine) -> None:
    await write(db, exchange(1, session_id="s"), exchange(2, session_id="s", key_id="k_2"))
    async with db.connect() as conn:
        assert [row["key_id"] for row in (await list_sessions(conn)).rows] == ["k_2", "k_1"]
        newest, asked = await get_session(conn, "s"), await get_session(conn, "s", key_id="k_1")
    assert newest is not None and [row["id"] for row in newest["trace_rows"]] == [trace_id(2)]
    assert asked is not None and [row["id"] for row in asked["trace_rows"]] == [trace_id(1)]


async def test_a_conversation_reads_in_order_each_message_once(db: AsyncEngine) -> None:
    tools = [{"name": "look_up"}]
    one = exchange(1, session_id="s", tools=tools)
    two = exchange(
        2, session_id="s", tools=tools, input_messages=[*one.input_messages, *one.output_messages, say("user", "more")]
    )
    await write(db, one, two, feedback("s", target="session"))
    async with db.connect() as conn:
        session = await get_session(conn, "s")
    assert session is not None
    assert [(m["parts"][0]["content"], m["trace_id"]) for m in session["messages"]] == [
        ("question 1", trace_id(1)),
        ("answer 1", trace_id(1)),
        ("more", trace_id(2)),
        ("answer 2", trace_id(2)),
    ]
    assert [row["id"] for row in session["trace_rows"]] == [trace_id(1), trace_id(2)]
    assert [said["status"] for said in session["feedback"]] == ["linked"]


async def test_an_unknown_session_is_none(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        assert await get_session(conn, "nothing") is None
        assert (await list_sessions(conn)).rows == []
