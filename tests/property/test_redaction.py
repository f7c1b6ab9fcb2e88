"""Planted values never survive, whatever stands around them; what is redacted stays as it is; JSON stays JSON."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transom.capture.exchange import Exchange, Message
from transom.config import Redaction, Settings
from transom.redact.jsontext import is_json
from transom.redact.recognizers.card import is_card
from transom.redact.redactor import Redactor
from transom.redact.text import visible
from transom.secret import Secret
from transom.types import Cost, Ended, Operation, RedactedExchange, Usage

FAST = Redactor(Settings(redaction=Redaction(profile="fast")), Secret(b"k" * 32))
LETTERS = string.ascii_letters
ALNUM = string.ascii_letters + string.digits


def chars(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(alphabet), min_size=least, max_size=most or least)


@st.composite
def emails(draw: st.DrawFn) -> str:
    local = draw(st.lists(chars(ALNUM, 1, 10), min_size=1, max_size=3))
    hosts = draw(st.lists(chars(ALNUM, 1, 12), min_size=1, max_size=3))
    return draw(st.sampled_from("._+-")).join(local) + "@" + ".".join([*hosts, draw(chars(LETTERS, 2, 6))])


@st.composite
def cards(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["4", "51", "55", "2221", "6011", "65"]))
    body = head + draw(chars(string.digits, 15 - len(head)))
    number = next(body + digit for digit in string.digits if is_card(body + digit))
    separator = draw(st.sampled_from(["", " ", "-"]))
    return separator.join(number[i : i + 4] for i in range(0, 16, 4))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, length = draw(st.sampled_from([("GB", 22), ("DE", 22), ("FR", 27), ("NO", 15), ("PL", 28)]))
    body = draw(chars(string.ascii_uppercase + string.digits, length - 4))
    remainder = int("".join(str(int(char, 36)) for char in body + country + "00")) % 97
    number = f"{country}{98 - remainder:02}{body}"
    return number if draw(st.booleans()) else " ".join(number[i : i + 4] for i in range(0, length, 4))


@st.composite
def ssns(draw: st.DrawFn) -> str:
    area = draw(st.integers(1, 899).filter(lambda number: number != 666))
    return f"{area:03}-{draw(st.integers(1, 99)):02}-{draw(st.integers(1, 9999)):04}"


@st.composite
def phones(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(["+880", "+1", "+44", "+49"]))
    groups = draw(st.lists(chars(string.digits, 3, 4), min_size=3, max_size=3))
    return draw(st.sampled_from([" ", "-", ""])).join([country, *groups])


@st.composite
def secrets(draw: st.DrawFn) -> str:
    head, alphabet, length = draw(
        st.sampled_from(
            [
                ("s" + "k-", ALNUM, 40),
                ("s" + "k-ant-", ALNUM, 40),
                ("AK" + "IA", string.ascii_uppercase + string.digits, 16),
                ("gh" + "p_", ALNUM, 36),
                ("hf" + "_", ALNUM, 34),
                ("AI" + "za", ALNUM, 35),
                ("xox" + "b-", string.digits, 24),
            ]
        )
    )
    return head + draw(chars(alphabet, length))


PLANTED = {"email": emails(), "card": cards(), "iban": ibans(), "ssn": ssns(), "phone": phones(), "secret": secrets()}

# What may stand next to a value without becoming a part of it: a digit after a number makes another number.
EDGES = st.sampled_from([" ", "\n", "\t", '"', "'", "(", ")", ", ", "; ", "<", ">", "|", "。", "“", "{", "}", "`", "*"])
AROUND = st.text(max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def plants(draw: st.DrawFn) -> tuple[str, str]:
    """A value, and a text with that value in it."""
    value = draw(st.one_of(*PLANTED.values()))
    return value, draw(AROUND) + draw(EDGES) + value + draw(EDGES) + draw(AROUND)


def redact(text: str) -> str:
    return FAST.redact_text(text)[0]


@pytest.mark.parametrize("kind", PLANTED)
@given(data=st.data())
def test_planted_values_never_survive_in_text(kind: str, data: st.DataObject):
    value = data.draw(PLANTED[kind])
    text = data.draw(AROUND) + data.draw(EDGES) + value + data.draw(EDGES) + data.draw(AROUND)
    assert value not in redact(text)


@given(plants(), JSON)
def test_planted_values_never_survive_in_json(plant: tuple[str, str], other: Any):
    value, text = plant
    for tree in ({"a": [other, {"b": text}]}, [text, other], {text: other}):
        redacted = redact(json.dumps(tree))
        assert is_json(redacted)
        assert value not in json.dumps(msgspec.json.decode(redacted), ensure_ascii=False)


SHAPES: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "text": lambda text, _: {"type": "text", "content": text},
    "reasoning": lambda text, _: {"type": "reasoning", "content": text},
    "refusal": lambda text, _: {"type": "refusal", "content": text},
    "log line": lambda text, other: {"type": "text", "content": f"12:01 INFO {json.dumps({'a': [text, other]})} done"},
    "fence": lambda text, other: {"type": "text", "content": f"```json\n{json.dumps([other, text], indent=1)}\n```"},
    "arguments": lambda text, other: {"type": "tool_call", "id": "1", "name": "f", "arguments": {"x": [text, other]}},
    "torn arguments": lambda text, _: {"type": "tool_call", "id": "1", "name": "f", "arguments": f'{{"x": "{text}'},
    "name": lambda text, _: {"type": "tool_call", "id": text, "name": text, "arguments": None},
    "result": lambda text, other: {
        "type": "tool_call_response",
        "id": "1",
        "response": json.dumps({"x": text, "y": other}),
    },
    "result in result": lambda text, other: {
        "type": "tool_call_response",
        "id": None,
        "response": [{"type": "text", "text": json.dumps({"x": json.dumps({"y": [text, other]})})}],
    },
    "block": lambda text, other: {"type": "other", "content": {"type": "thinking", "thinking": text, "more": other}},
    "key": lambda text, other: {"type": "other", "content": {text: other}},
    "address": lambda text, _: {"type": "uri", "modality": "image", "uri": f"https://example.com/{text}?q={text}"},
}


@st.composite
def exchanges(draw: st.DrawFn, value: str, text: str) -> Exchange:
    """An exchange that holds a value in every field and in some shapes of parts."""
    other = draw(JSON)
    shapes = draw(st.lists(st.sampled_from(sorted(SHAPES)), min_size=1, max_size=3, unique=True))
    parts = [SHAPES[shape](text, other) for shape in shapes]
    return Exchange(
        id="1",
        project_id="default",
        key_id="k",
        started_at=0,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path=f"/v1/files/{value}",
        user_id=value,
        session_id=value,
        app=text,
        tags=[value, text],
        model=f"ft:{value}",
        response_id=value,
        metadata={"a": text, text: other},
        params={"stop": [text], "response_format": other},
        error_message=text,
        input_messages=[Message(role="user", name=value, parts=parts)],
        output_messages=[Message(role="assistant", parts=parts)],
        tools=[{"type": "function", "function": {"name": value, "description": text, "parameters": {"x": other}}}],
    )


def redact_exchange(exchange: Exchange) -> RedactedExchange:
    return FAST.redact(exchange, Usage(), Cost())


def raw_again(redacted: RedactedExchange) -> Exchange:
    """What was redacted, as if it came in as it is."""
    fields = {name: getattr(redacted, name) for name in Exchange.__struct_fields__ if hasattr(redacted, name)}
    for side in ("input_messages", "output_messages"):
        fields[side] = [Message(role=m.role, parts=m.parts, name=m.name) for m in fields[side]]
    return Exchange(**fields | {"usage": None})


@given(plants(), st.data())
def test_planted_values_never_survive_in_an_exchange(plant: tuple[str, str], data: st.DataObject):
    value, text = plant
    redacted = redact_exchange(data.draw(exchanges(value, text)))
    assert value not in msgspec.json.encode(redacted).decode()


@given(plants(), st.data())
def test_redacting_a_redacted_exchange_changes_nothing(plant: tuple[str, str], data: st.DataObject):
    once = redact_exchange(data.draw(exchanges(*plant)))
    twice = redact_exchange(raw_again(once))
    assert contents(twice) == contents(once)


def contents(redacted: RedactedExchange) -> dict[str, Any]:
    """All but the notes on what was replaced."""
    content: dict[str, Any] = msgspec.to_builtins(redacted)
    for message in content["input_messages"] + content["output_messages"]:
        message.pop("remarks")
    return content


@given(st.lists(plants(), max_size=3), st.text())
def test_redacting_what_is_redacted_changes_nothing(planted: list[tuple[str, str]], text: str):
    once = redact(" ".join([text, *(each for _, each in planted)]))
    assert redact(once) == once


@given(JSON.filter(lambda tree: isinstance(tree, dict | list)))
def test_json_stays_json_with_its_shape(tree: Any):
    redacted = msgspec.json.decode(redact(json.dumps(tree)))
    assert type(redacted) is type(tree)
    assert len(redacted) == len(tree)


@given(st.text(st.characters(codec=None, categories=["L", "N", "P", "S", "Z", "C"])))
def test_any_text_can_be_redacted_and_stored(text: str):
    redacted = redact(text)
    redacted.encode()
    assert "\x00" not in redacted


@given(st.lists(plants(), min_size=1, max_size=3))
def test_spans_are_in_order_apart_and_hold_something(planted: list[tuple[str, str]]):
    text = visible(" ".join(each for _, each in planted))
    end = 0
    for span in FAST.find([text])[0]:
        assert end <= span.start < span.end <= len(text)
        assert any(char.isalnum() for char in text[span.start : span.end])
        end = span.end


@given(plants())
def test_remarks_stand_where_their_placeholders_are(plant: tuple[str, str]):
    text, remarks = FAST.redact_text(plant[1])
    assert remarks
    assert all(text[remark.start : remark.end].startswith(f"<{remark.entity}:") for remark in remarks)


@settings(max_examples=10)
@given(plants())
def test_the_language_model_lets_no_planted_value_survive_either(logs: Redactor, plant: tuple[str, str]):
    value, text = plant
    assert value not in logs.redact_text(f"John Smith of Paris wrote: {text}")[0]


@pytest.fixture(scope="module")
def logs() -> Redactor:
    return Redactor(Settings(), Secret(b"k" * 32))
