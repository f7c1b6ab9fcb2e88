"""Messages that become others, also others that are stored already."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, conversation, exchange, rows, say, trace_id, write
from tests.unit.store.rescrub.taught import TAG, VALUE, scrubber
from transom.store.deletion import delete_traces
from transom.store.dialect import writing
from transom.store.messages import digest_of
from transom.store.models import MESSAGE, SESSION_MESSAGE, TRACE
from transom.store.read import get_trace
from transom.store.rescrub import messages
from transom.store.rows import from_text
from transom.store.sessions import get_session
from transom.types import RedactedMessage


async def read(db: AsyncEngine) -> list[messages.Change]:
    async with db.connect() as conn:
        position, changes = await messages.read(conn, "default", "", scrubber())
    assert position is None
    return changes


async def apply(db: AsyncEngine, changes: list[messages.Change]) -> tuple[int, set[str]]:
    async with writing(db) as conn:
        count, traces = await messages.apply(conn, "default", changes, SECRET)
    return count, set(traces)


async def contents(db: AsyncEngine, number: int) -> list[str]:
    async with db.connect() as conn:
        trace = await get_trace(conn, trace_id(number))
    assert trace is not None
    return [m["parts"][0]["content"] for m in trace["input_messages"] + trace["output_messages"]]


async def test_another_message_takes_its_place(db: AsyncEngine) -> None:
    await write(db, *conversation(2), exchange(9, input_messages=[say("user", f"I am {VALUE}")]))
    before = {row["id"] for row in await rows(db, MESSAGE)}
    assert await apply(db, await read(db)) == (1, {trace_id(9)})
    after = await rows(db, MESSAGE)
    assert len(before - {row["id"] for row in after}) == len({row["id"] for row in after} - before) == 1
    for row in after:
        message = RedactedMessage(role=row["role"], name=row["name"], parts=from_text(row["parts"]))
        assert row["digest"] == digest_of(SECRET.messages("default"), row["key_id"], message)
    assert await contents(db, 9) == [f"I am {TAG}", "answer 9"]
    assert await read(db) == []


async def test_a_message_becomes_the_one_that_is_stored_already(db: AsyncEngine) -> None:
    """As after a rule, when the next turn of a conversation sends its history again."""
    raw, redacted = say("user", f"I am {VALUE}"), say("user", f"I am {TAG}")
    answer, more = say("assistant", "hello"), say("user", "and?")
    await write(db, exchange(1, session_id="s", input_messages=[raw], output_messages=[answer]))
    await write(db, exchange(2, session_id="s", input_messages=[redacted, answer, more]))
    await write(db, exchange(3, session_id="other", input_messages=[more, raw], tools=[{"name": VALUE}]))
    count, traces = await apply(db, await read(db))
    assert (count, traces) == (2, {trace_id(1), trace_id(3)})
    assert await contents(db, 1) == [f"I am {TAG}", "hello"]
    assert await contents(db, 3) == ["and?", f"I am {TAG}", "answer 3"]
    held = [row["message_id"] for row in await rows(db, SESSION_MESSAGE) if row["session"] == "s"]
    assert len(held) == len(set(held)) == 4
    async with db.connect() as conn:
        session: Any = await get_session(conn, "s")
    assert [m["parts"][0]["content"] for m in session["messages"]] == [f"I am {TAG}", "hello", "and?", "answer 2"]
    first = next(row for row in await rows(db, SESSION_MESSAGE) if row["session"] == "s" and row["place"] == 0)
    assert (first["trace_id"], first["last_trace_id"]) == (trace_id(1), trace_id(2))


async def test_nothing_is_left_over_when_the_traces_go_later(db: AsyncEngine) -> None:
    await write(db, exchange(1, session_id="s", input_messages=[say("user", VALUE)]))
    await write(db, exchange(2, session_id="s", input_messages=[say("user", TAG), say("user", "more")]))
    await apply(db, await read(db))
    await delete_traces(db, [trace_id(1)])
    assert len(await rows(db, MESSAGE)) == 3
    await delete_traces(db, [trace_id(2)])
    assert await rows(db, MESSAGE) == await rows(db, SESSION_MESSAGE) == await rows(db, TRACE) == []


async def test_two_messages_that_become_one(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", VALUE.upper()), say("user", VALUE.lower())]))
    assert (await apply(db, await read(db)))[0] == 2
    assert await contents(db, 1) == [TAG, TAG, "answer 1"]
    assert len(await rows(db, MESSAGE)) == 2


async def test_what_others_changed_meanwhile_stays(db: AsyncEngine) -> None:
    await write(
        db, exchange(1, input_messages=[say("user", VALUE)]), exchange(2, input_messages=[say("user", f"2 {VALUE}")])
    )
    changes = await read(db)
    await delete_traces(db, [trace_id(1)])
    assert await apply(db, changes) == (1, {trace_id(2)})
    assert await apply(db, changes) == (0, set())


async def test_a_preview_that_cuts_the_value_is_made_anew(db: AsyncEngine) -> None:
    start = "x" * 130
    await write(db, exchange(1, input_messages=[say("user", f"{start} {VALUE}")]))
    await apply(db, await read(db))
    (row,) = await rows(db, TRACE)
    assert VALUE[:5] not in row["input_preview"]
    assert row["input_preview"].startswith(f"{start} <PERSON")
