from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import NOON, exchange, feedback, rows, say, trace_id, withdrawal, write
from transom.store.models import FEEDBACK, MESSAGE, PRICED_RESPONSE, SESSION_MESSAGE, TRACE, WITHDRAWN
from transom.store.read import TraceFilter, get_trace, list_traces
from transom.store.retention import delete_before, delete_traces, erase_user
from transom.types import Operation, RedactedExchange


def at(number: int) -> int:
    """The time just before that exchange begins."""
    return NOON + number * 10**9


def conversation(turns: int, first: int = 1, **fields: Any) -> list[RedactedExchange]:
    """Exchanges that each send the whole history."""
    history, traces = [say("system", "be brief")], []
    for number in range(first, first + turns):
        history = [*history, say("user", f"question {number}")]
        turn = exchange(number, input_messages=history, **{"session_id": "s", **fields})
        history = [*history, *turn.output_messages]
        traces.append(turn)
    return traces


async def contents(db: AsyncEngine) -> list[str]:
    return sorted(row["words"] for row in await rows(db, MESSAGE))


async def readable(db: AsyncEngine, number: int) -> list[str]:
    async with db.connect() as conn:
        trace = await get_trace(conn, trace_id(number))
    assert trace is not None
    return [m["parts"][0]["content"] for m in trace["input_messages"] + trace["output_messages"]]


async def found(db: AsyncEngine, q: str) -> list[str]:
    async with db.connect() as conn:
        return [row["id"] for row in (await list_traces(conn, TraceFilter(q=q))).rows]


async def test_old_traces_go_with_everything_of_theirs(db: AsyncEngine) -> None:
    await write(db, exchange(1, tools=[{"name": "look_up"}]), exchange(2), feedback(trace_id(1)))
    assert await delete_before(db, at(2), 10) == 1
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(2)]
    assert await contents(db) == ["answer 2", "question 2"]
    assert {row["trace_id"] for row in await rows(db, SESSION_MESSAGE)} == {trace_id(2)}
    assert await rows(db, FEEDBACK) == []
    assert await found(db, "question") == [trace_id(2)]


async def test_batches_go_oldest_first_until_all_are_gone(db: AsyncEngine) -> None:
    await write(db, *(exchange(n) for n in range(5)))
    assert await delete_before(db, at(4), 3) == 3
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(3), trace_id(4)]
    assert await delete_before(db, at(4), 3) == 1


async def test_messages_that_a_later_trace_resends_stay(db: AsyncEngine) -> None:
    await write(db, *conversation(3))
    await delete_before(db, at(3), 10)
    assert await readable(db, 3) == [
        "be brief",
        "question 1",
        "answer 1",
        "question 2",
        "answer 2",
        "question 3",
        "answer 3",
    ]
    assert await found(db, "question 1") == [trace_id(3)]


async def test_messages_that_no_later_trace_resends_go_though_the_session_goes_on(db: AsyncEngine) -> None:
    await write(db, exchange(1, session_id="s"), exchange(2, session_id="s"), feedback("s", target="session"))
    await delete_before(db, at(2), 10)
    assert await contents(db) == ["answer 2", "question 2"]
    assert len(await rows(db, FEEDBACK)) == 1
    await delete_before(db, at(3), 10)
    assert await rows(db, FEEDBACK) == []


async def test_a_message_that_another_session_holds_stays(db: AsyncEngine) -> None:
    await write(db, *conversation(1), *conversation(1, first=2, session_id="t"))
    await delete_before(db, at(2), 10)
    assert await readable(db, 2) == ["be brief", "question 2", "answer 2"]


async def test_a_trace_taken_out_of_the_middle_leaves_the_others_whole(db: AsyncEngine) -> None:
    await write(db, *conversation(3))
    assert await delete_traces(db, [trace_id(2), trace_id(3)]) == 2
    assert await readable(db, 1) == ["be brief", "question 1", "answer 1"]
    assert await contents(db) == ["answer 1", "be brief", "question 1"]
    assert await found(db, "brief") == [trace_id(1)]


async def test_a_users_traces_and_words_are_erased(db: AsyncEngine) -> None:
    await write(
        db,
        *conversation(2, user_id="ann"),
        exchange(8, user_id="bob"),
        exchange(9, user_id="ann", project_id="other"),
        feedback(trace_id(8), author="ann", comment="by ann"),
        feedback(trace_id(8), author="bob", id="fb_2"),
    )
    assert await erase_user(db, "default", "ann") == 2
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(8), trace_id(9)]
    assert [row["author"] for row in await rows(db, FEEDBACK)] == ["bob"]
    assert "question 1" not in await contents(db)


async def test_what_never_found_its_trace_does_not_stay_for_ever(db: AsyncEngine) -> None:
    old = feedback("never seen", created_at=NOON)
    await write(db, old, feedback("not yet seen", id="fb_2"), withdrawal("fb_3", created_at=NOON))
    await delete_before(db, at(10), 10)
    assert [row["id"] for row in await rows(db, FEEDBACK)] == ["fb_2"]
    assert await rows(db, WITHDRAWN) == []


async def test_prices_are_forgotten_with_their_responses(db: AsyncEngine) -> None:
    await write(db, exchange(1, operation=Operation.RESPONSES, response_id="resp_1"))
    await delete_before(db, at(2), 10)
    assert await rows(db, PRICED_RESPONSE) == []
    await write(db, exchange(3, operation=Operation.RESPONSES, response_id="resp_1", method="GET"))
    assert [row["billed"] for row in await rows(db, TRACE)] == [False]


async def test_nothing_to_delete(db: AsyncEngine) -> None:
    assert await delete_before(db, at(1), 10) == 0
    assert await delete_traces(db, []) == 0
    assert await erase_user(db, "default", "nobody") == 0
