"""Stored content, redacted again by one rule."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.capture.exchange import Message
from transom.redact.placeholders import Placeholders
from transom.redact.scrub import Mentions, Scrubber
from transom.redact.taught import digest_of_value
from transom.types import Cost, RedactedMessage, Remark, TaughtRule, Usage

KEY = b"k" * 32
VALUE = "Jane Doe"
PLACEHOLDERS = Placeholders(KEY)
TAG = PLACEHOLDERS.make("PERSON", VALUE)
OTHER = "<EMAIL_ADDRESS:abcd>"
DIGEST, WORDS = digest_of_value(KEY, VALUE)
SCRUBBER = Scrubber(
    TaughtRule(id="1", project_id="p", kind="missed", entity="PERSON", words=WORDS, digest=DIGEST), PLACEHOLDERS
)


def message(content: Any, *remarks: Remark, **fields: Any) -> RedactedMessage:
    return RedactedMessage(role="user", parts=[{"type": "text", "content": content}], remarks=list(remarks), **fields)


def remark(start: int, end: int, entity: str = "EMAIL_ADDRESS") -> Remark:
    return Remark(entity=entity, start=start, end=end, recognizer="email", message=0, path=[0, "content"])


def marked(message: RedactedMessage) -> list[str]:
    """What stands where the remarks say."""
    return [message.parts[0]["content"][each.start : each.end] for each in message.remarks]


def test_a_message_without_the_value_is_itself():
    same = message(f"nothing here, {OTHER}", remark(14, 34))
    assert SCRUBBER.message(same) is same


def test_json_within_a_text_is_read_as_fresh_redaction_reads_it():
    after = SCRUBBER.message(message('the log said {"who": "\\u004aane Doe"}, twice'))
    assert after.parts[0]["content"] == f'the log said {{"who": "{TAG}"}}, twice'


def test_every_string_of_a_message_is_looked_at():
    parts = [
        {"type": "text", "content": f"I am {VALUE}"},
        {"type": "tool_call", "name": "find", "arguments": {"who": [VALUE], VALUE: 1}},
        {"type": "tool_call_response", "response": '{"a": "x\\nJane Doe\\u0021"}'},
        {"type": "uri", "uri": f"https://x.org/{VALUE}?<URL:abcd>"},
        {"type": "blob", "mime_type": "image/png", "size": 3, "digest": "00ff"},
    ]
    after = SCRUBBER.message(RedactedMessage(role="user", parts=parts, name=VALUE))
    assert "Jane" not in str(after)
    assert after.name == TAG
    assert after.parts[1]["arguments"] == {"who": [TAG], TAG: 1}
    assert after.parts[2]["response"] == f'{{"a": "x\\n{TAG}!"}}'
    assert after.parts[4] == parts[4]


def test_remarks_move_with_their_placeholders():
    text = f"{OTHER} to {VALUE}, {OTHER} and {VALUE} again {OTHER}"
    starts = [i for i in range(len(text)) if text.startswith(OTHER, i)]
    after = SCRUBBER.message(message(text, *(remark(at, at + len(OTHER)) for at in starts)))
    assert marked(after) == [OTHER, TAG, OTHER, TAG, OTHER]
    assert [each.recognizer for each in after.remarks] == ["email", "taught", "email", "taught", "email"]


def test_the_same_placeholder_of_another_recognizer_is_told_apart():
    text = f"{VALUE} and {TAG}"
    after = SCRUBBER.message(message(text, remark(13, 13 + len(TAG), "PERSON")))
    assert marked(after) == [TAG, TAG]
    assert [each.recognizer for each in after.remarks] == ["taught", "email"]


def test_a_remark_under_a_redacted_key_goes():
    parts = [{"type": "tool_call", "arguments": {VALUE: OTHER}}]
    old = Remark(entity="EMAIL_ADDRESS", start=0, end=20, recognizer="email", message=0, path=[0, "arguments", VALUE])
    after = SCRUBBER.message(RedactedMessage(role="user", parts=parts, remarks=[old]))
    assert after.remarks == []


def test_keys_that_become_one_are_kept_apart():
    assert SCRUBBER.value({VALUE: 1, "jane doe": 2}) == {TAG: 1, f"{TAG}_": 2}


@pytest.mark.parametrize("value", [None, True, 17, 1.5, "Jane", [], {}, [{"a": ["Doe", 3]}]])
def test_other_values_stay_as_they_are(value: Any):
    assert SCRUBBER.value(value) == value


def test_a_number_can_be_a_value():
    digest, words = digest_of_value(KEY, "4711")
    rule = TaughtRule(id="1", project_id="p", kind="missed", entity="ID_NUMBER", words=words, digest=digest)
    assert Scrubber(rule, PLACEHOLDERS).value([4711, 47110]) == [PLACEHOLDERS.make("ID_NUMBER", "4711"), 47110]


_texts = st.lists(st.sampled_from([VALUE, "jane_doe", OTHER, TAG, "x", '"', "\\", "{", "}", ","])).map(" ".join)


@given(st.recursive(_texts, lambda inner: st.lists(inner) | st.dictionaries(_texts, inner), max_leaves=8))
def test_nothing_of_the_value_is_left_and_twice_is_once(value: Any):
    once = SCRUBBER.value(value)
    assert SCRUBBER.value(once) == once
    assert VALUE not in msgspec.json.encode(once).decode()


def test_where_a_wrong_placeholder_stands_can_be_told():
    mentions = Mentions(TAG)
    same = message("nothing")
    assert mentions.message(same) is same
    assert mentions.message(message(f"see {TAG}")) is not same
    assert mentions.value(["a"]) == ["a"] and mentions.value([TAG]) != [TAG]


TEXTS = [
    f"I am {VALUE}, mail jane@example.com",
    f"{{'who': '{VALUE}'}}",
    f'{{"who": "{VALUE}", "n": 4711, "mail": "jane.doe@example.com"}}',
    f"my name is {VALUE} Smith",
    f'Dr. {VALUE}\n```json\n[1, "{VALUE}"]\n```',
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_redacted_again_equals_what_is_redacted_at_once(text: str, make_redactor: Any, make_exchange: Any):
    """So that a message of before the rule becomes the same row as one of after it."""
    rule = TaughtRule(id="1", project_id="default", kind="missed", entity="PERSON", words=WORDS, digest=DIGEST)
    redactor = make_redactor(profile="fast")
    placeholders = Placeholders(redactor._secret.placeholders("default"))
    digest, words = digest_of_value(placeholders.key, VALUE)
    rule = msgspec.structs.replace(rule, digest=digest, words=words)
    message = Message(role="user", parts=[{"type": "text", "content": text}])
    exchange = make_exchange(input_messages=[message])
    (before,) = redactor.redact(exchange, Usage(), Cost()).input_messages
    redactor.teach([rule])
    (after,) = redactor.redact(exchange, Usage(), Cost()).input_messages
    again = Scrubber(rule, placeholders).message(before)
    assert VALUE not in str(after)
    assert again.parts == after.parts
