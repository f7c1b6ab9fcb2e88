from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import NOON, exchange, feedback, rows, say, trace_id, write
from transom.store.chains import forget_chains, forget_old_chains
from transom.store.models import CHAIN, FEEDBACK, TRACE
from transom.store.sessions import get_session, list_sessions
from transom.types import DAY_NS, Operation, RedactedExchange, RedactedMessage, metadata_only

LONG = "It takes the tram about twenty minutes, and it leaves every quarter of an hour from the square. " * 2


def turn(number: int, *said: str | RedactedMessage, reply: str | None = None, **fields: Any) -> RedactedExchange:
    """An exchange whose input is what was said: by user and assistant in turns, unless it says by whom."""
    roles = ("user", "assistant")
    messages = [say(roles[n % 2], each) if isinstance(each, str) else each for n, each in enumerate(said)]
    answers = [say("assistant", reply or f"answer {number}", finish_reason="stop")]
    return exchange(number, **{"input_messages": messages, "output_messages": answers} | fields)


async def sessions(db: AsyncEngine) -> list[str | None]:
    """The session of each trace, by the number of the trace that it is named by or by its own name."""
    numbers = {trace_id(n): str(n) for n in range(100)}
    return [row["session_id"] and numbers.get(row["session_id"], row["session_id"]) for row in await rows(db, TRACE)]


async def write_each(db: AsyncEngine, *exchanges: RedactedExchange) -> None:
    """Write them in batches of one."""
    for each in exchanges:
        await write(db, each)


async def test_a_turn_that_sends_the_conversation_again_belongs_to_it(db: AsyncEngine) -> None:
    one, two = turn(1, "hi"), turn(2, "hi", "answer 1", "and then?")
    await write_each(db, one, two, turn(3, "hi", "answer 1", "and then?", "answer 2", "thanks"), turn(4, "other"))
    assert await sessions(db) == ["1", "1", "1", None]
    assert [row["session_source"] for row in await rows(db, TRACE)] == ["inferred"] * 3 + [None]


async def test_turns_of_one_batch_find_each_other_in_any_order(db: AsyncEngine) -> None:
    three = turn(3, "hi", "answer 1", "and then?", "answer 2", "thanks")
    await write(db, three, turn(2, "hi", "answer 1", "and then?"), turn(1, "hi"))
    assert await sessions(db) == ["1", "1", "1"]
    assert {row["session_source"] for row in await rows(db, TRACE)} == {"inferred"}


async def test_a_session_that_was_inferred_reads_as_one(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi"), turn(2, "hi", "answer 1", "and then?"))
    async with db.connect() as conn:
        (listed,) = (await list_sessions(conn)).rows
        session = await get_session(conn, trace_id(1))
    assert (listed["session_id"], listed["traces"]) == (trace_id(1), 2)
    assert listed["session_source"] == "inferred"
    assert session is not None
    said = [message["parts"][0]["content"] for message in session["messages"]]
    assert said == ["hi", "answer 1", "and then?", "answer 2"]


async def test_the_sessions_that_clients_name_stay_as_they_are(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi", session_id="s"), turn(2, "hi", "answer 1", "more", session_id="s"))
    await write_each(db, turn(3, "hi", "answer 1", "more"))
    assert await sessions(db) == ["s", "s", None]
    assert [row["session_source"] for row in await rows(db, TRACE)] == ["client", "client", None]


async def test_instructions_may_change(db: AsyncEngine) -> None:
    one = turn(1, say("system", "It is noon."), say("user", "hi"))
    two = turn(2, say("system", "It is one."), say("user", "hi"), say("assistant", "answer 1"), say("user", "more"))
    await write_each(db, one, two)
    assert await sessions(db) == ["1", "1"]


async def test_callers_have_conversations_of_their_own(db: AsyncEngine) -> None:
    await write(db, turn(1, "hi", reply="Hello!", user_id="ann"))
    second = turn(2, "hi", "Hello!", "more")
    others: list[dict[str, Any]] = [{"user_id": "bob"}, {"key_id": "k_2", "user_id": "ann"}, {}]
    for number, fields in enumerate(others, 2):
        await write(db, msgspec.structs.replace(second, id=trace_id(number), **fields))
    assert await sessions(db) == [None] * 4
    await write(db, msgspec.structs.replace(second, id=trace_id(5), user_id="ann"))
    assert await sessions(db) == ["1", None, None, None, "1"]


async def test_conversations_that_begin_alike_stay_apart(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi", reply="Hello!"), turn(2, "hi", reply="Hello!"))
    await write_each(db, turn(3, "hi", "Hello!", "trams?"), turn(4, "hi", "Hello!", "ships?"))
    await write_each(db, turn(5, "hi", "Hello!", "trams?", "answer 3", "thanks"))
    assert await sessions(db) == ["1", "2", "2", "1", "2"]


async def test_what_may_belong_to_several_conversations_belongs_to_none(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi", reply="Hello!"), turn(2, "hi", reply="Hello!"))
    await write_each(db, turn(3, "hi", "Hello!", "a"), turn(4, "hi", "Hello!", "b"), turn(5, "hi", "Hello!", "c"))
    assert await sessions(db) == ["1", "2", "2", "1", None]


async def test_a_second_answer_to_the_same_question_is_of_the_same_session(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi"), turn(2, "hi", "answer 1", "more"), turn(3, "hi", "answer 1", "more"))
    await write_each(db, turn(4, "hi", "answer 1", "more", "answer 3", "thanks"))
    assert await sessions(db) == ["1"] * 4


async def test_any_of_several_choices_can_be_gone_on_with(db: AsyncEngine) -> None:
    choices = [say("assistant", "Yes."), say("assistant", "No.")]
    await write_each(db, turn(1, "really?", output_messages=choices), turn(2, "really?", "No.", "why?"))
    assert await sessions(db) == ["1", "1"]


async def test_a_truncated_history_is_known_by_its_last_reply(db: AsyncEngine) -> None:
    one, two = turn(1, "hi", reply=LONG), turn(2, "hi", LONG, "more", reply=f"Well. {LONG}")
    await write_each(db, one, two, turn(3, "more", f"Well. {LONG}", "thanks", reply="Bye."))
    assert await sessions(db) == ["1", "1", "1"]


async def test_short_replies_are_known_by_those_before_them(db: AsyncEngine) -> None:
    await write(db, turn(1, "documents: a b c. hi", LONG, "documents: d. thanks", reply="Bye."))
    await write_each(db, turn(2, "thanks", "Bye.", "wait"), turn(3, "hi", LONG, "thanks", "Bye.", "wait"))
    assert await sessions(db) == ["1", None, "1"]


async def test_a_reply_alone_must_be_of_one_conversation_and_of_today(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "a", reply=LONG), turn(2, "b", reply=LONG), turn(3, "c", LONG, "more"))
    assert await sessions(db) == [None, None, None]
    later = turn(9, "d", LONG + "!", "more", started_at=NOON + 2 * DAY_NS)
    await write_each(db, turn(4, "x", reply=LONG + "!"), later)
    assert (await sessions(db))[3:] == [None, None]


async def test_a_turn_that_comes_late_joins_its_conversation(db: AsyncEngine) -> None:
    three = turn(3, "hi", "answer 1", "more", "answer 2", "thanks")
    await write_each(db, turn(1, "hi"), three, turn(2, "hi", "answer 1", "more"))
    assert await sessions(db) == ["1", "1", "1"]


async def test_what_apps_do_not_send_back_makes_no_difference(db: AsyncEngine) -> None:
    call = {"type": "tool_call", "id": "call_1", "name": "look_up", "arguments": {"a": 1}}
    thought = {"type": "reasoning", "content": "hm"}
    noted = {"type": "other", "content": {"annotations": []}}
    answer = RedactedMessage(
        role="assistant", name="bot", parts=[thought, *say("assistant", " Sure. ").parts, call, noted]
    )
    sent_back = RedactedMessage(role="assistant", parts=[*say("assistant", "Sure.").parts, call])
    result = RedactedMessage(role="tool", parts=[{"type": "tool_call_response", "id": "call_1", "response": "2"}])
    await write_each(db, turn(1, "hi", output_messages=[answer]), turn(2, "hi", sent_back, result))
    assert await sessions(db) == ["1", "1"]


async def test_the_items_of_a_response_follow_each_other(db: AsyncEngine) -> None:
    thought = RedactedMessage(role="assistant", parts=[])
    items = [thought, say("assistant", "Let me see."), say("assistant", "It is noon.")]
    one = turn(1, "hi", output_messages=items, operation=Operation.RESPONSES)
    two = turn(2, "hi", "Let me see.", say("assistant", "It is noon."), say("user", "thanks"))
    await write_each(db, one, msgspec.structs.replace(two, operation=Operation.RESPONSES))
    assert await sessions(db) == ["1", "1"]


async def test_a_response_is_followed_by_its_id(db: AsyncEngine) -> None:
    answers = {"operation": Operation.RESPONSES, "user_id": "ann"}
    one = turn(1, "hi", response_id="resp_1", **answers)
    two = turn(2, "more", operation=Operation.RESPONSES, response_id="resp_2", previous_response_id="resp_1")
    other_key = turn(3, "more", previous_response_id="resp_1", key_id="k_2", **answers)
    poll = turn(4, "hi", response_id="resp_1", method="GET", **answers)
    await write_each(db, one, two, other_key, poll)
    assert await sessions(db) == ["1", "1", None, None]


async def test_a_turn_that_failed_or_lost_its_content_is_found_but_not_followed(db: AsyncEngine) -> None:
    await write(db, turn(1, "hi"))
    failed = turn(2, "hi", "answer 1", "more", output_messages=[], status_code=500)
    again = turn(3, "hi", "answer 1", "more")
    lost = turn(4, input_messages=[], output_messages=[], outcome=metadata_only("redaction_failed"))
    await write_each(db, failed, again, lost)
    assert await sessions(db) == ["1", "1", "1", None]


async def test_calls_that_are_no_conversation_leave_nothing(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi", operation=Operation.TEXT_COMPLETION), turn(2, "hi", session_id="s"))
    assert await rows(db, CHAIN) == []


async def test_a_batch_written_again_changes_nothing(db: AsyncEngine) -> None:
    batch = [turn(1, "hi"), turn(2, "hi", "answer 1", "more")]
    await write(db, *batch)
    before = [await rows(db, table) for table in (TRACE, CHAIN)]
    await write(db, *batch)
    assert [await rows(db, table) for table in (TRACE, CHAIN)] == before


async def test_feedback_on_the_session_finds_it_when_it_is_one(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi"))
    await write(db, feedback(trace_id(1), target="session"))
    assert [row["linked"] for row in await rows(db, FEEDBACK)] == [False]
    await write(db, turn(2, "hi", "answer 1", "more"))
    assert [row["linked"] for row in await rows(db, FEEDBACK)] == [True]


async def test_what_is_forgotten_is_not_gone_on_with(db: AsyncEngine) -> None:
    await write_each(db, turn(1, "hi"), turn(2, "ho"))
    async with db.begin() as conn:
        await forget_chains(conn, [trace_id(1)])
    await write_each(db, turn(3, "hi", "answer 1", "more"), turn(4, "ho", "answer 2", "more"))
    assert await sessions(db) == [None, "2", None, "2"]


async def test_old_chains_go_by_the_time_in_the_trace_id(db: AsyncEngine) -> None:
    old = turn(1, "hi", id="018bcfe5-0000-7000-8000-000000000001")
    young = turn(2, "ho", id="018bcfe5-0001-7000-8000-000000000002")
    await write(db, old, young)
    async with db.begin() as conn:
        await forget_old_chains(conn, 0x018BCFE50001 * 10**6)
    assert {row["trace_id"] for row in await rows(db, CHAIN)} == {young.id}


async def test_nothing_that_was_said_is_in_a_chain(db: AsyncEngine) -> None:
    await write(db, turn(1, "hi", user_id="ann", response_id="resp_1", operation=Operation.RESPONSES))
    for row in await rows(db, CHAIN):
        assert set(row["digest"]) <= set("0123456789abcdef")
        assert (row["trace_id"], row["session"], row["open"]) == (trace_id(1), trace_id(1), True)
