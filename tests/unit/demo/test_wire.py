"""Whole and streamed forms of the demo's answers agree, and their usage adds up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from transom.demo import wire
from transom.demo.answers import Answer

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "one two three"}]}
CALL = Answer(tool=("get_order", {"order_id": "1042"}))


def events(stream: Any) -> list[dict[str, Any]]:
    lines = b"".join(stream).decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_ids(v) for k, v in value.items() if k not in {"id", "call_id", "item_id", "created_at"}}
    return [without_ids(item) for item in value] if isinstance(value, list) else value


def test_usage_counts_four_thirds_of_the_words():
    usage = wire.chat(BODY, Answer("a b c d e f"))["usage"]
    assert usage == {"prompt_tokens": 8, "completion_tokens": 8, "total_tokens": 16}


@pytest.mark.parametrize("content", ["one two three", [{"type": "text", "text": "one two three"}]])
def test_text_is_counted_in_every_form_of_content(content: Any):
    assert wire.prompt_tokens({"messages": [{"role": "user", "content": content}]}) == 8
    assert wire.prompt_tokens({"input": content if isinstance(content, str) else [{"content": content}]}) == 8


def test_each_answer_has_an_id_of_its_own():
    ids = {wire.chat(BODY, Answer("x"))["id"] for _ in range(100)}
    assert len(ids) == 100
    assert all(ident.startswith("chatcmpl-demo") for ident in ids)


def test_the_arguments_of_a_streamed_call_come_in_pieces():
    calls = [e["choices"][0]["delta"].get("tool_calls") for e in events(wire.chat_stream(BODY, CALL))]
    pieces = [call[0]["function"]["arguments"] for call in calls if call]
    assert len(pieces) > 2
    assert json.loads("".join(pieces)) == {"order_id": "1042"}


@pytest.mark.parametrize("answer", [Answer("Some words here."), Answer(refusal="No."), CALL], ids=str)
def test_a_streamed_response_ends_with_the_whole_one(answer: Answer):
    last = events(wire.response_stream(BODY, answer))[-1]
    assert last["type"] == "response.completed"
    assert without_ids(last["response"]) == without_ids(wire.response(BODY, answer))


def test_a_tool_s_result_is_answered_with_a_text():
    tools = [{"type": "function", "function": {"name": "get_order"}}]
    asked = {"messages": [{"role": "user", "content": "track order 1042"}], "tools": tools}
    assert wire.answer_to(asked).tool
    for result in (
        {"role": "tool", "tool_call_id": "x", "content": "{}"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "{}"}]},
        {"type": "function_call_output", "call_id": "x", "output": "{}"},
    ):
        assert "Thursday" in wire.answer_to(asked | {"messages": [*asked["messages"], result]}).text


def test_vectors_depend_on_their_text():
    found = wire.embeddings({"input": ["a", "a", "a longer one"]})
    first, second, third = (item["embedding"] for item in found["data"])
    assert first == second != third
    assert found["usage"]["total_tokens"] == 6
