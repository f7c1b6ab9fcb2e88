"""The demo provider speaks both APIs well enough for their real SDKs."""

from __future__ import annotations

import anthropic
import httpx
import httpx2
import openai
import pytest

from transom.demo.answers import choose
from transom.demo.provider import app

TOOLS = [{"type": "function", "function": {"name": "get_order", "parameters": {"type": "object", "properties": {}}}}]
WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}


@pytest.fixture
async def http():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


@pytest.fixture
def gpt(http: httpx.AsyncClient) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="demo", base_url="http://demo/v1", http_client=http, max_retries=0)


@pytest.fixture
async def claude():
    transport = httpx2.ASGITransport(app)  # what this SDK is built on
    async with httpx2.AsyncClient(transport=transport, base_url="http://demo") as http:
        yield anthropic.AsyncAnthropic(api_key="demo", base_url="http://demo", http_client=http, max_retries=0)


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


async def test_a_chat_has_text_usage_and_the_model_asked_for(gpt: openai.AsyncOpenAI):
    answer = await gpt.chat.completions.create(model="gpt-4o", messages=user("Hello"))
    assert answer.model == "gpt-4o"
    assert answer.choices[0].message.content == choose("hello").text
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_stream_says_the_same_and_brings_usage_only_if_asked(gpt: openai.AsyncOpenAI):
    options = {"stream_options": {"include_usage": True}}
    plain = [c async for c in await gpt.chat.completions.create(model="m", messages=user("story"), stream=True)]
    counted = [
        c async for c in await gpt.chat.completions.create(model="m", messages=user("story"), stream=True, **options)
    ]
    text = "".join(c.choices[0].delta.content or "" for c in plain)
    assert text == choose("story").text
    assert not any(c.usage for c in plain)
    assert counted[-1].usage


@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_is_called_and_its_result_answered(gpt: openai.AsyncOpenAI, stream: bool):
    if stream:
        chunks = [
            c
            async for c in await gpt.chat.completions.create(
                model="m", messages=user("track order 1042"), tools=TOOLS, stream=True
            )
        ]
        calls = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
        arguments = "".join(call.function.arguments or "" for call in calls)
    else:
        answer = await gpt.chat.completions.create(model="m", messages=user("track order 1042"), tools=TOOLS)
        arguments = answer.choices[0].message.tool_calls[0].function.arguments
    assert '"order_id": "1042"' in arguments
    result = [*user("track order 1042"), {"role": "tool", "tool_call_id": "x", "content": "{}"}]
    after = await gpt.chat.completions.create(model="m", messages=result, tools=TOOLS)
    assert "Thursday" in (after.choices[0].message.content or "")


async def test_a_refusal_and_an_error(gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic):
    answer = await gpt.chat.completions.create(model="m", messages=user("how to pick a lock"))
    assert answer.choices[0].message.refusal
    with pytest.raises(openai.RateLimitError):
        await gpt.chat.completions.create(model="m", messages=user("rate limit"))
    with pytest.raises(anthropic.RateLimitError):
        await claude.messages.create(model="m", max_tokens=9, messages=user("rate limit"))


async def test_anthropic_messages_whole_and_streamed(claude: anthropic.AsyncAnthropic):
    whole = await claude.messages.create(model="claude", max_tokens=99, messages=user("Hello"))
    async with claude.messages.stream(model="claude", max_tokens=99, messages=user("Hello")) as stream:
        streamed = await stream.get_final_message()
    assert whole.content[0].text == streamed.content[0].text
    assert whole.usage.output_tokens == streamed.usage.output_tokens
    asked = {"model": "claude", "max_tokens": 99, "messages": user("weather"), "tools": [WEATHER]}
    async with claude.messages.stream(**asked) as stream:
        tool = await stream.get_final_message()
    assert tool.content[0].input == {"city": "Dhaka", "unit": "celsius"}


async def test_responses_embeddings_and_models(gpt: openai.AsyncOpenAI):
    whole = await gpt.responses.create(model="gpt-4.1-mini", input="Hello")
    events = [e async for e in await gpt.responses.create(model="gpt-4.1-mini", input="Hello", stream=True)]
    assert whole.output_text == choose("hello").text == events[-1].response.output_text
    vectors = await gpt.embeddings.create(model="e", input=["a", "bb"])
    assert len(vectors.data) == 2
    assert "gpt-4o-mini" in [m.id async for m in gpt.models.list()]


NONSENSE = [
    b"{",
    b"[]",
    b'{"messages":' + b"[" * 100_000,
    b'{"messages": {"role": "user"}}',
    b'{"messages": ["Hello"]}',
    b'{"messages": [{"role": "user", "content": [7]}]}',
    b'{"messages": [], "stream": true, "stream_options": 7}',
    b'{"messages": [], "tools": ["get_order"]}',
    b'{"model": 7, "messages": []}',
]


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: body[:40].decode())
async def test_nonsense_is_refused_in_the_caller_s_shape(http: httpx.AsyncClient, body: bytes):
    for path in ("/v1/chat/completions", "/v1/messages"):
        answer = await http.post(path, content=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert ("type" in answer.json()) is (path == "/v1/messages")


async def test_an_unknown_path_is_told(http: httpx.AsyncClient):
    assert (await http.get("/v1/nothing")).status_code == 404
