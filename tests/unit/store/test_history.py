from __future__ import annotations

from typing import Any

from tests.unit.store.builders import SECRET, exchange, say
from transom.store.history import MOST_REPLIES, History, read_history
from transom.store.messages import digest_messages
from transom.types import Operation, RedactedMessage, metadata_only

LONG = "word " * 20


def history(*said: str, reply: str = LONG, **fields: Any) -> History:
    """What an exchange tells in which user and assistant said this in turns."""
    messages = [say(("user", "assistant")[n % 2], each) for n, each in enumerate(said)]
    call = exchange(1, **{"input_messages": messages, "output_messages": [say("assistant", reply)]} | fields)
    found = read_history(call, digest_messages(call, SECRET, {}), SECRET)
    assert found is not None
    return found


def test_the_next_turn_has_what_a_turn_left() -> None:
    assert history("hi", LONG, "more").last_turn() == history("hi").leaves
    assert history("hi", LONG, "more", LONG, "again").last_turn() == history("hi", LONG, "more").leaves


def test_the_first_turn_has_none_before_it() -> None:
    assert (history("hi").newest, history("hi").older(), history("hi").last_turn()) == (None, [], [])


def test_what_is_no_turn_tells_nothing() -> None:
    for fields in ({"operation": Operation.EMBEDDINGS}, {"operation": Operation.RESPONSES, "method": "GET"}):
        call = exchange(1, **fields)
        assert read_history(call, digest_messages(call, SECRET, {}), SECRET) is None


def test_a_call_whose_content_is_lost_leaves_nothing() -> None:
    lost = metadata_only("spool_full")
    assert history(input_messages=[], output_messages=[], outcome=lost).leaves == []


def test_replies_alone_do_not_depend_on_the_questions() -> None:
    one, other = history("hi", LONG, "more").newest, history("ho", LONG, "less").newest
    assert one is not None and other is not None
    assert one.alone == other.alone is not None
    assert one.whole != other.whole


def test_little_said_is_weak_but_for_the_first_reply() -> None:
    first, second = history("hi", "ho", "a").newest, history("hi", "ho", "a", "b", "c").newest
    assert first is not None and second is not None
    assert (first.weak, first.alone) == (False, None)
    assert (second.weak, second.alone) == (True, None)


def test_older_replies_come_newest_first_and_not_all_of_them() -> None:
    said = [each for n in range(20) for each in (f"question {n}", f"{LONG}{n}")]
    older = history(*said, "more").older()
    assert len(older) == MOST_REPLIES - 1
    assert older[0].digests() == history(*said[:-2], "more").last_turn()


def test_every_choice_can_be_gone_on_with_but_the_items_of_a_response_are_one() -> None:
    answers: dict[str, Any] = {"output_messages": [say("assistant", "Yes."), say("assistant", "No.")]}
    assert len(history("really?", **answers).leaves) == 2
    assert len(history("really?", operation=Operation.RESPONSES, **answers).leaves) == 1


def test_a_response_is_known_by_its_id_to_any_user_of_the_key() -> None:
    kept: dict[str, Any] = {"operation": Operation.RESPONSES}
    left = history("hi", response_id="resp_1", user_id="ann", **kept).leaves
    assert history("more", previous_response_id="resp_1", **kept).previous in left
    assert history("more", previous_response_id="resp_1", key_id="k_2", **kept).previous not in left


def test_a_reply_of_thoughts_alone_is_none() -> None:
    thought = RedactedMessage(role="assistant", parts=[{"type": "reasoning", "content": "hm"}])
    assert history(input_messages=[say("user", "hi"), thought]).newest is None
