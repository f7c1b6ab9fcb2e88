from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, exchange, rows, say, trace_id, write
from transom.secret import Secret
from transom.store.messages import digest_messages
from transom.store.models import MESSAGE, SESSION_MESSAGE
from transom.store.read import get_trace
from transom.store.write import write_batch
from transom.types import RedactedMessage

SYSTEM = say("system", "Be brief.")


def turn(number: int) -> list[RedactedMessage]:
    return [say("user", f"question {number}"), say("assistant", f"answer {number}", finish_reason="stop")]


def resent(messages: list[RedactedMessage]) -> list[RedactedMessage]:
    """As an app sends them back: without the reason why they ended."""
    return [RedactedMessage(role=m.role, parts=m.parts, name=m.name) for m in messages]


def history(first: int, last: int) -> list[RedactedMessage]:
    return resent([message for number in range(first, last) for message in turn(number)])


def conversation(first: int, last: int, **fields: Any) -> Any:
    """The exchange of turn `last`, whose app remembers the turns since `first`."""
    question, answer = turn(last)
    messages = [SYSTEM, *history(first, last), question]
    return exchange(last, session_id="s", input_messages=messages, output_messages=[answer], **fields)


def digests_of(conversation: Any, secret: Secret = SECRET) -> list[bytes]:
    return digest_messages(conversation, secret, {}).inputs


def test_a_truncated_history_keeps_the_digests_of_what_is_left() -> None:
    whole, truncated = digests_of(conversation(0, 9)), digests_of(conversation(6, 9))
    assert truncated == [whole[0], *whole[13:]]


def test_an_answer_has_the_same_digest_when_it_is_sent_back() -> None:
    first, second = conversation(0, 1), conversation(0, 2)
    (answer,) = digest_messages(first, SECRET, {}).outputs
    assert answer == digests_of(second)[4]


@given(st.text(), st.text() | st.none())
def test_another_process_with_the_same_secret_has_the_same_digests(content: str, name: str | None) -> None:
    said = exchange(1, input_messages=[say("user", content, name=name)])
    assert digests_of(said, Secret(bytes(bytearray(SECRET.key)))) == digests_of(said)
    assert digests_of(said, Secret(b"t" * 32)) != digests_of(said)


def test_the_order_of_json_keys_makes_no_difference() -> None:
    one = RedactedMessage(role="user", parts=[{"type": "text", "content": "a"}])
    other = RedactedMessage(role="user", parts=[{"content": "a", "type": "text"}])
    assert digests_of(exchange(1, input_messages=[one])) == digests_of(exchange(1, input_messages=[other]))


async def test_what_is_sent_again_is_stored_once(db: AsyncEngine) -> None:
    turns = [conversation(max(0, last - 3), last) for last in range(8)]
    for number, each in enumerate(turns):
        fresh = Secret(bytes(bytearray(SECRET.key)))
        await write_batch(db, [each], [], f"host-{number}", fresh, None)
    assert len(await rows(db, MESSAGE)) == len(await rows(db, SESSION_MESSAGE)) == 1 + 2 * 8
    async with db.connect() as conn:
        last = await get_trace(conn, trace_id(7))
    assert last is not None
    assert [message["parts"] for message in last["input_messages"]] == [m.parts for m in turns[7].input_messages]


async def test_many_messages_in_one_batch(db: AsyncEngine) -> None:
    batch = [exchange(number, input_messages=history(0, 60)) for number in range(20)]
    await write(db, *batch)
    assert len(await rows(db, MESSAGE)) == 2 * 60
