from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import conversation, exchange, feedback, rows, say, trace_id, write
from transom.store.deletion import delete_traces, expire_content
from transom.store.models import CHAIN, FEEDBACK, MESSAGE, PRICED_RESPONSE, SESSION_MESSAGE, TRACE
from transom.store.read import Row, TraceFilter, get_trace, list_traces
from transom.store.search import indexed_words_of_row
from transom.store.sessions import get_session
from transom.types import Operation

AT = 2_000_000_000 * 10**9


async def contents(db: AsyncEngine) -> list[str]:
    return sorted(indexed_words_of_row(row["role"], row["parts"]) for row in await rows(db, MESSAGE))


async def trace(db: AsyncEngine, number: int) -> Row:
    async with db.connect() as conn:
        found = await get_trace(conn, trace_id(number))
    assert found is not None
    return found


async def readable(db: AsyncEngine, number: int) -> list[str]:
    found = await trace(db, number)
    return [m["parts"][0]["content"] for m in found["input_messages"] + found["output_messages"]]


async def found(db: AsyncEngine, q: str) -> list[str]:
    async with db.connect() as conn:
        return [row["id"] for row in (await list_traces(conn, TraceFilter(q=q))).rows]


async def test_traces_go_with_everything_of_theirs(db: AsyncEngine) -> None:
    await write(db, exchange(1, tools=[{"name": "look_up"}]), exchange(2), feedback(trace_id(1)))
    assert await delete_traces(db, [trace_id(1)]) == 1
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(2)]
    assert await contents(db) == ["answer 2", "question 2"]
    assert {row["trace_id"] for row in await rows(db, SESSION_MESSAGE)} == {trace_id(2)}
    assert {row["trace_id"] for row in await rows(db, CHAIN)} == {trace_id(2)}
    assert await rows(db, FEEDBACK) == []
    assert await found(db, "question") == [trace_id(2)]


async def test_messages_that_a_later_trace_resends_stay(db: AsyncEngine) -> None:
    await write(db, *conversation(3))
    await delete_traces(db, [trace_id(1), trace_id(2)])
    asked = ["be brief", "question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3"]
    assert await readable(db, 3) == asked
    assert await found(db, "question 1") == [trace_id(3)]


async def test_messages_that_no_later_trace_resends_go_though_the_session_goes_on(db: AsyncEngine) -> None:
    await write(db, exchange(1, session_id="s"), exchange(2, session_id="s"), feedback("s", target="session"))
    await delete_traces(db, [trace_id(1)])
    assert await contents(db) == ["answer 2", "question 2"]
    assert len(await rows(db, FEEDBACK)) == 1
    await delete_traces(db, [trace_id(2)])
    assert await rows(db, FEEDBACK) == []


async def test_a_message_that_another_session_holds_stays(db: AsyncEngine) -> None:
    await write(db, *conversation(1), *conversation(1, first=2, session_id="t"))
    await delete_traces(db, [trace_id(1)])
    assert await readable(db, 2) == ["be brief", "question 2", "answer 2"]


async def test_a_trace_taken_out_of_the_middle_leaves_the_others_whole(db: AsyncEngine) -> None:
    await write(db, *conversation(3))
    assert await delete_traces(db, [trace_id(2), trace_id(3)]) == 2
    assert await readable(db, 1) == ["be brief", "question 1", "answer 1"]
    assert await contents(db) == ["answer 1", "be brief", "question 1"]
    assert await found(db, "brief") == [trace_id(1)]


async def test_prices_are_forgotten_with_their_responses(db: AsyncEngine) -> None:
    await write(db, exchange(1, operation=Operation.RESPONSES, response_id="resp_1"))
    await delete_traces(db, [trace_id(1)])
    assert await rows(db, PRICED_RESPONSE) == []
    await write(db, exchange(3, operation=Operation.RESPONSES, response_id="resp_1", method="GET"))
    assert [row["billed"] for row in await rows(db, TRACE)] == [False]


async def test_nothing_to_delete(db: AsyncEngine) -> None:
    assert await delete_traces(db, []) == 0
    assert await delete_traces(db, [trace_id(1)]) == 0
    assert await expire_content(db, [trace_id(1)], AT) == 0


async def test_content_goes_and_numbers_stay(db: AsyncEngine) -> None:
    texts = {"error_message": "no such order", "metadata": {"note": "from a friend", "arm": 2}}
    params = {"temperature": 0.2, "logprobs": True, "stop": "the end", "seed": 7}
    whole = exchange(1, tools=[{"name": "look_up"}], params=params, **texts)
    await write(db, whole, feedback(trace_id(1)))
    before = await trace(db, 1)
    assert await expire_content(db, [trace_id(1)], AT) == 1
    after = await trace(db, 1)
    gone = {"input_messages": [], "output_messages": [], "tools": [], "remarks": []}
    assert {name for name in before if before[name] != after[name]} == {
        *("input_messages", "output_messages", "tools", "input_preview", "output_preview"),
        *("params", "metadata", "error_message", "content_expired_at"),
    }
    assert {name: after[name] for name in gone} == gone
    assert (after["params"], after["metadata"]) == ({"temperature": 0.2, "logprobs": True, "seed": 7}, {"arm": 2})
    assert (after["content_expired_at"], after["input_tokens"], len(after["feedback"])) == (AT, 100, 1)
    assert await rows(db, MESSAGE) == await rows(db, SESSION_MESSAGE) == await rows(db, CHAIN) == []
    assert await found(db, "question") == []


async def test_content_expires_once(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    assert await expire_content(db, [trace_id(1)], AT) == 1
    assert await expire_content(db, [trace_id(1)], AT + 1) == 0
    assert (await trace(db, 1))["content_expired_at"] == AT


async def test_a_message_that_a_trace_with_content_holds_stays_when_others_expire(db: AsyncEngine) -> None:
    await write(db, *conversation(3))
    await expire_content(db, [trace_id(1), trace_id(2)], AT)
    assert (await readable(db, 3))[:3] == ["be brief", "question 1", "answer 1"]
    assert await found(db, "question 1") == [trace_id(3)]
    await expire_content(db, [trace_id(3)], AT)
    assert await contents(db) == []
    async with db.connect() as conn:
        session = await get_session(conn, "s")
    assert session is not None and (session["traces"], session["messages"]) == (3, [])


async def test_an_expired_trace_holds_no_message_when_a_later_one_is_deleted(db: AsyncEngine) -> None:
    await write(db, *conversation(2))
    await expire_content(db, [trace_id(1)], AT)
    await delete_traces(db, [trace_id(2)])
    assert await contents(db) == []
    assert [row["id"] for row in await rows(db, TRACE)] == [trace_id(1)]


async def test_a_message_said_again_after_it_expired_is_kept_again(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", "hello")]))
    await expire_content(db, [trace_id(1)], AT)
    await write(db, exchange(2, input_messages=[say("user", "hello")]))
    assert await found(db, "hello") == [trace_id(2)]
