"""The canary's way: through the relay to the gateway's own echo, for those who know the main secret and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.running import free_port, until
from transom.asgi import Server, server_config
from transom.capture.exchange import Capture, RawFeedback
from transom.config import Settings
from transom.gateway.app import Gateway
from transom.gateway.canary import FAILING_MODEL
from transom.gateway.downstream.connection import protocol
from transom.secret import Secret
from transom.spool.format import Kind
from transom.spool.reader import Position, find_writers
from transom.types import OWN_PROJECT

KEY, SECRET = b"k" * 32, Secret(b"s" * 32)
CHAT = f"/{OWN_PROJECT}/v1/chat/completions"
CALL = {"id": "call_1", "type": "function", "function": {"name": "note", "arguments": '{"a": 1}'}}
MESSAGES = [
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "user", "content": "what is to come back"},
]
BODY = {"model": "canary", "messages": MESSAGES}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with the token of a gateway that listens on a port."""
    settings = Settings(data=tmp_path, port=free_port())
    gateway = Gateway(settings, SECRET, KEY)
    server = Server(server_config(gateway, settings.host, settings.port, 5, http=protocol(gateway.desk)))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    headers = {"authorization": f"Bearer {SECRET.proof_token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", headers=headers) as client:
        yield client
    server.should_exit = True
    await serving


def captures(root: Path) -> list[Any]:
    (reader,) = find_writers(root / "spool", root / "writers", [KEY])
    kinds = {Kind.EXCHANGE: Capture, Kind.FEEDBACK: RawFeedback}
    entries = reader.read(Position(), 100, 2**30)
    return [msgspec.msgpack.decode(e.payload or b"", type=kinds[e.kind]) for e in entries]


async def test_an_exchange_comes_back_and_is_recorded_as_transom_s_own(client: httpx.AsyncClient, tmp_path: Path):
    answer = await client.post(CHAT, json=BODY)
    message = answer.json()["choices"][0]["message"]
    assert (message["content"], message["tool_calls"]) == ("what is to come back", [CALL])
    (capture,) = until(lambda: captures(tmp_path))
    assert (capture.project_id, capture.provider, capture.path) == (OWN_PROJECT, OWN_PROJECT, CHAT)
    assert capture.id == answer.headers["x-transom-trace-id"]
    assert SECRET.proof_token.encode() not in msgspec.msgpack.encode(capture)


async def test_a_stream_comes_back_in_pieces(client: httpx.AsyncClient):
    answer = await client.post(CHAT, json=BODY | {"stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    *events, done, _ = answer.text.split("\n\n")
    deltas = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events]
    assert "".join(delta.get("content", "") for delta in deltas) == "what is to come back"
    assert deltas[-1]["tool_calls"][0]["function"]["name"] == "note"
    assert done == "data: [DONE]"


async def test_an_error_quotes_the_prompt(client: httpx.AsyncClient):
    answer = await client.post(CHAT, json=BODY | {"model": FAILING_MODEL})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "what is to come back")


async def test_any_path_is_answered(client: httpx.AsyncClient):
    answer = await client.get(f"/{OWN_PROJECT}/v1/files/f?a=1")
    assert (answer.status_code, answer.json()["choices"][0]["message"]["content"]) == (200, "")


async def test_a_word_on_it_is_transom_s_own_too(client: httpx.AsyncClient, tmp_path: Path):
    token = (await client.post(CHAT, json=BODY)).headers["x-transom-feedback-token"]
    assert (await client.post(f"/v1/feedback/t/{token}", json={"rating": "up"})).status_code == 202
    assert [one.project_id for one in captures(tmp_path)] == [OWN_PROJECT] * 2


@pytest.mark.parametrize("path", [CHAT, f"/{OWN_PROJECT}/echo/v1/chat/completions"])
@pytest.mark.parametrize("authorization", ["", "Bearer guessed", "Bearer é"])
async def test_nobody_else_can_go_it(client: httpx.AsyncClient, tmp_path: Path, path: str, authorization: str):
    headers = {"authorization": authorization.encode()}
    answer = await client.post(path, json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_provider")
    (capture,) = captures(tmp_path)
    assert (capture.project_id, capture.provider) == ("default", "none")
