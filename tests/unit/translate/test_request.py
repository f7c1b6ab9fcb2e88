"""What of a request reaches litellm: OpenAI's parameters alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from transom.translate.problem import Problem
from transom.translate.providers import TRANSLATIONS, Translation
from transom.translate.request import read, wants_usage

ANY = Translation("any/")
MESSAGES = [{"role": "user", "content": "hello"}]


def asked(translation: Translation = ANY, **members: Any) -> dict[str, Any]:
    return read(json.dumps({"model": "m", "messages": MESSAGES, **members}).encode(), translation, "one")


def refused(translation: Translation = ANY, **members: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        asked(translation, **members)
    return caught.value


def test_what_changes_the_answer_passes():
    given = {"temperature": 0.5, "stop": ["x"], "seed": 3, "max_completion_tokens": 9, "tool_choice": "required"}
    assert asked(**given) == {"model": "m", "messages": MESSAGES, **given}


def test_what_does_not_change_the_answer_is_left_out():
    given: dict[str, Any] = {"user": "u", "metadata": {}, "store": True, "n": 1, "logprobs": False, "logit_bias": {}}
    given |= {"frequency_penalty": 0, "parallel_tool_calls": True, "seed": None, "response_format": {"type": "text"}}
    assert asked(**given) == {"model": "m", "messages": MESSAGES}


@pytest.mark.parametrize(
    "name", ["api_base", "api_key", "mock_response", "fallbacks", "timeout", "extra_headers", "functions", "audio"]
)
def test_no_other_parameter_reaches_litellm(name: str):
    problem = refused(**{name: "x"})
    assert (problem.status, problem.code, problem.param) == (400, "unsupported_parameter", name)
    assert f"'{name}'" in problem.message


def test_what_one_api_lacks_is_refused_there_alone():
    assert refused(TRANSLATIONS["gemini"], parallel_tool_calls=False).param == "parallel_tool_calls"
    assert asked(TRANSLATIONS["anthropic"], parallel_tool_calls=False)["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"messages": "hello"}, "$.messages"),
        ({"messages": [{"role": "user", "content": 1}]}, "$.messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "odd"}]}]}, "$.messages[0].content[0].type"),
        ({"tools": [{"type": "function"}]}, "$.tools[0]"),
        ({"model": None}, "$.model"),
        ({"stream": "yes"}, "$.stream"),
    ],
)
def test_what_is_no_chat_completion_is_told_where(members: dict[str, Any], place: str):
    problem = refused(**members)
    assert (problem.status, problem.code) == (400, "invalid_request")
    assert f"`{place}`" in problem.message


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(body: bytes):
    with pytest.raises(Problem) as caught:
        read(body, ANY, "one")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://10.0.0.1/a.png"}},
        {"type": "image_url", "image_url": "https://10.0.0.1/a.png"},
        {"type": "file", "file": {"file_data": "http://10.0.0.1/a.pdf"}},
        {"type": "file", "file": {"file_id": "gs://bucket/a.pdf"}},
    ],
)
def test_an_address_that_we_would_have_to_fetch_is_refused(part: dict[str, Any]):
    problem = refused(messages=[{"role": "user", "content": [{"type": "text", "text": "http://x"}, part]}])
    assert problem.code == "unsupported_image_url"


def test_a_data_url_passes():
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "http://x"}, part]}]
    assert asked(messages=messages)["messages"] == messages


def test_a_provider_that_fetches_gets_the_address():
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]
    assert asked(Translation("any/", takes_addresses=True), messages=messages)["messages"] == messages


def test_usage_is_asked_for_as_openai_would():
    options = {"include_usage": True, "include_obfuscation": False}
    assert asked(stream=True, stream_options=options)["stream_options"] == {"include_usage": True}
    assert wants_usage({"stream_options": options})
    assert not wants_usage({"stream_options": None})
    assert not wants_usage({})
