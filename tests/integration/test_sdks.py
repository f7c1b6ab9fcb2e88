"""The real OpenAI and Anthropic SDKs get the same objects through the gateway as directly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from tests.providers import recorded
from tests.providers.recorded import Recorded, Row
from tests.running import Running, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not recorded.rows(), reason="the recorded traffic is not beside this checkout"),
    # The models of the recorded calls are older than the SDK.
    pytest.mark.filterwarnings("ignore:The model:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with recorded.serving(Recorded().app) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sdks"), **recorded.settings(provider)) as it:
        yield it


def pick(host: str, path: str, wanted: Callable[[Row, dict[str, Any]], bool]) -> Row:
    """The first good recorded exchange of a kind."""
    for row in recorded.rows():
        if row.host == host and row.path == path and row.status == 200 and wanted(row, json.loads(row.request_body)):
            return row
    raise LookupError(path)


def header(row: Row) -> dict[str, str]:
    return {"x-recorded-row": str(row.number)}


def plain(thing: Any) -> Any:
    """What an SDK object holds."""
    return thing.model_dump() if isinstance(thing, BaseModel) else thing


CHAT = "/v1/chat/completions"
OPENAI = "api.openai.com"
WHOLE = pick(OPENAI, CHAT, lambda r, b: not r.streamed and not b.get("tools")) if recorded.rows() else None
STREAM = pick(OPENAI, CHAT, lambda r, b: r.streamed and not b.get("tools")) if recorded.rows() else None
TOOLS = pick(OPENAI, CHAT, lambda r, b: not r.streamed and "tool_calls" in r.response_body) if recorded.rows() else None
TOOL_STREAM = (
    pick(OPENAI, CHAT, lambda r, b: r.streamed and "tool_calls" in r.response_body) if recorded.rows() else None
)
PARSED = (
    pick(OPENAI, CHAT, lambda r, b: not r.streamed and (b.get("response_format") or {}).get("type") == "json_schema")
    if recorded.rows()
    else None
)
RESPONSE = pick(OPENAI, "/v1/responses", lambda r, b: not r.streamed) if recorded.rows() else None
RESPONSE_STREAM = pick(OPENAI, "/v1/responses", lambda r, b: r.streamed) if recorded.rows() else None
MESSAGE = pick("api.anthropic.com", "/v1/messages", lambda r, b: not r.streamed) if recorded.rows() else None
MESSAGE_STREAM = pick("api.anthropic.com", "/v1/messages", lambda r, b: r.streamed) if recorded.rows() else None
MESSAGE_TOOLS = (
    pick("api.anthropic.com", "/v1/messages", lambda r, b: '"tool_use"' in r.response_body) if recorded.rows() else None
)


@pytest.mark.parametrize("row", [WHOLE, TOOLS, PARSED], ids=["whole", "tools", "structured"])
def test_openai_chat(provider: str, server: Running, row: Row):
    body = json.loads(row.request_body)

    def ask(base_url: str) -> Any:
        client = openai.OpenAI(api_key="test", base_url=f"{base_url}/v1", max_retries=0)
        return client.chat.completions.create(**body, extra_headers=header(row))

    direct, through = ask(provider), ask(server.base_url)
    assert plain(direct) == plain(through)
    assert through.choices


@pytest.mark.parametrize("row", [STREAM, TOOL_STREAM], ids=["text", "tools"])
def test_openai_chat_streamed(provider: str, server: Running, row: Row):
    body = json.loads(row.request_body)

    def ask(base_url: str) -> list[Any]:
        client = openai.OpenAI(api_key="test", base_url=f"{base_url}/v1", max_retries=0)
        return [plain(chunk) for chunk in client.chat.completions.create(**body, extra_headers=header(row))]

    direct, through = ask(provider), ask(server.base_url)
    assert direct == through
    assert len(through) > 2


@pytest.mark.parametrize("row", [WHOLE, STREAM], ids=["whole", "stream"])
def test_openai_async(provider: str, server: Running, row: Row):
    body = json.loads(row.request_body)

    async def ask(base_url: str) -> list[Any]:
        async with openai.AsyncOpenAI(api_key="test", base_url=f"{base_url}/v1", max_retries=0) as client:
            answer = await client.chat.completions.create(**body, extra_headers=header(row))
            return [plain(c) async for c in answer] if row.streamed else [plain(answer)]

    assert asyncio.run(ask(provider)) == asyncio.run(ask(server.base_url))


def test_openai_structured_output_is_parsed(provider: str, server: Running):
    class Anything(BaseModel, extra="allow"):
        pass

    body = {k: v for k, v in json.loads(PARSED.request_body).items() if k != "stream"} | {"response_format": Anything}

    def ask(base_url: str) -> Any:
        client = openai.OpenAI(api_key="test", base_url=f"{base_url}/v1", max_retries=0)
        return client.chat.completions.parse(**body, extra_headers=header(PARSED)).choices[0].message.parsed

    direct, through = ask(provider), ask(server.base_url)
    assert direct == through
    assert through.model_extra


@pytest.mark.parametrize("row", [RESPONSE, RESPONSE_STREAM], ids=["whole", "stream"])
def test_openai_responses(provider: str, server: Running, row: Row):
    body = json.loads(row.request_body)

    def ask(base_url: str) -> list[Any]:
        client = openai.OpenAI(api_key="test", base_url=f"{base_url}/v1", max_retries=0)
        answer = client.responses.create(**body, extra_headers=header(row))
        return [plain(event) for event in answer] if row.streamed else [plain(answer)]

    assert ask(provider) == ask(server.base_url)


@pytest.mark.parametrize("row", [MESSAGE, MESSAGE_TOOLS, MESSAGE_STREAM], ids=["whole", "tools", "stream"])
def test_anthropic_messages(provider: str, server: Running, row: Row):
    body = json.loads(row.request_body)

    def ask(base_url: str) -> list[Any]:
        client = anthropic.Anthropic(api_key="test", base_url=base_url, max_retries=0)
        answer = client.messages.create(**body, extra_headers=header(row))
        return [plain(event) for event in answer] if row.streamed else [plain(answer)]

    assert ask(provider) == ask(server.base_url)


def test_anthropic_async_stream(provider: str, server: Running):
    body = {k: v for k, v in json.loads(MESSAGE_STREAM.request_body).items() if k != "stream"}

    async def ask(base_url: str) -> Any:
        async with (
            anthropic.AsyncAnthropic(api_key="test", base_url=base_url, max_retries=0) as client,
            client.messages.stream(**body, extra_headers=header(MESSAGE_STREAM)) as stream,
        ):
            return plain(await stream.get_final_message())

    assert asyncio.run(ask(provider)) == asyncio.run(ask(server.base_url))


def test_an_sdk_sees_our_errors_as_its_own(server: Running):
    client = openai.OpenAI(api_key="test", base_url=f"{server.base_url}/nobody/v1", max_retries=0)
    with pytest.raises(openai.NotFoundError, match="Use the base URL"):
        client.chat.completions.create(model="m", messages=[])
