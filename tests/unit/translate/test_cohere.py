"""Cohere's words, in and out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from transom.translate.cohere import mend, read_stream
from transom.translate.problem import Problem


class V1:
    def map_openai_params(self, non_default_params: dict[str, Any], **_more: Any) -> dict[str, Any]:
        return {"p": 1}


class V2:
    def get_supported_openai_params(self, model: str) -> list[str]:
        return ["tools"]

    def transform_response(self, model: str, raw_response: Any, **_more: Any) -> Any:
        return SimpleNamespace(choices=[SimpleNamespace(finish_reason="stop")])

    def get_model_response_iterator(self, **_more: Any) -> Any:
        return None


@pytest.fixture
def litellm() -> Any:
    """The part of litellm that is mended, fresh."""
    module: Any = SimpleNamespace(
        CohereChatConfig=type("V1", (), dict(vars(V1))), CohereV2ChatConfig=type("V2", (), dict(vars(V2)))
    )
    mend(module)
    return module


async def lines(*events: dict[str, Any]) -> AsyncIterator[str]:
    for event in events:
        yield f"event: {event['type']}"
        yield f"data: {json.dumps(event)}"
        yield ""
    yield "data: [DONE]"


async def read(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [chunk async for chunk in read_stream(lines(*events))]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, {"p": 1}),
        ({"tool_choice": "required"}, {"p": 1, "tool_choice": "REQUIRED"}),
        ({"tool_choice": "none"}, {"p": 1, "tool_choice": "NONE"}),
        ({"response_format": {"type": "json_object"}}, {"p": 1, "response_format": {"type": "json_object"}}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}},
            {"p": 1, "response_format": {"type": "json_object", "json_schema": {"type": "object"}}},
        ),
    ],
)
def test_parameters_in_its_words(litellm: Any, asked: dict[str, Any], sent: dict[str, Any]):
    assert litellm.CohereChatConfig().map_openai_params(asked, model="m") == sent
    assert "response_format" in litellm.CohereV2ChatConfig().get_supported_openai_params("m")


def test_one_tool_can_not_be_forced(litellm: Any):
    with pytest.raises(Problem) as caught:
        litellm.CohereChatConfig().map_openai_params({"tool_choice": {"type": "function"}}, model="m")
    assert caught.value.param == "tool_choice"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("TOOL_CALL", "tool_calls")],
)
def test_why_it_ended(litellm: Any, reason: str, told: str):
    response = SimpleNamespace(json=lambda: {"finish_reason": reason})
    found = litellm.CohereV2ChatConfig().transform_response("m", response, logging_obj=None)
    assert found.choices[0].finish_reason == told


def test_a_generation_that_failed_is_an_error(litellm: Any):
    response = SimpleNamespace(json=lambda: {"finish_reason": "ERROR"})
    with pytest.raises(Problem) as caught:
        litellm.CohereV2ChatConfig().transform_response("m", response)
    assert (caught.value.status, caught.value.code) == (502, "ERROR")


async def test_a_stream_of_text():
    usage = {"billed_units": {"input_tokens": 1, "output_tokens": 1}, "tokens": {"input_tokens": 9, "output_tokens": 2}}
    found = await read(
        {"type": "message-start", "delta": {"message": {"role": "assistant"}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}},
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
    )
    assert [chunk["text"] for chunk in found] == ["Hi", ""]
    assert found[-1]["finish_reason"] == "stop"
    assert found[-1]["usage"] == {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


async def test_a_stream_of_tool_calls():
    def event(name: str, index: int, call: dict[str, Any]) -> dict[str, Any]:
        return {"type": name, "index": index, "delta": {"message": {"tool_calls": call}}}

    begun = {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
    found = await read(
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}},
        event("tool-call-start", 1, begun),
        event("tool-call-delta", 1, {"function": {"arguments": "{}"}}),
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
    )
    assert [chunk["tool_use"] for chunk in found[:2]] == [
        {**begun, "index": 1},
        {"type": "function", "function": {"arguments": "{}"}, "index": 1},
    ]
    assert (found[-1]["finish_reason"], found[-1]["usage"]) == ("tool_calls", None)


async def test_a_stream_that_fails_says_why():
    with pytest.raises(Problem) as caught:
        await read({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "It failed."}})
    assert caught.value.message == "It failed."
