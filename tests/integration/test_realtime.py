"""WebSockets through the running gateway: OpenAI's SDK in a realtime session, refusals, and what is recorded."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect
from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.running import Running, running, until
from tests.servers import in_thread

pytestmark = pytest.mark.slow

REFUSAL = b'{"error":{"message":"no such model"}}'


class Provider:
    """Answers each event with one that quotes it, and refuses the model `none`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.keys: list[str | None] = []

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        self.keys.append(request.headers.get("authorization"))
        if "model=none" not in request.path:
            return None
        headers = Headers({"content-type": "application/json", "content-length": str(len(REFUSAL))})
        return Response(404, "Not Found", headers, REFUSAL)

    async def talk(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "session.created", "event_id": "e", "session": {}}))
        with suppress(ConnectionClosedError):
            await self._echo(connection)

    async def _echo(self, connection: ServerConnection) -> None:
        async for message in connection:
            quoted = {"type": "error", "event_id": "e", "error": {"type": "echo", "message": str(message)}}
            await connection.send(json.dumps(quoted))


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    async def start() -> Server:
        return await serve(provider.talk, "127.0.0.1", 0, process_request=provider.check)

    with in_thread(start) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(provider) as base_url:
        settings = {
            "TRANSOM_PROVIDERS__VOICE__BASE_URL": base_url,
            "TRANSOM_PROVIDERS__VOICE__API_KEY": "held",
            "TRANSOM_DEFAULT_PROVIDER": "voice",
            "TRANSOM_ROUTES": json.dumps({"spoken": {"provider": "voice", "model": "gpt-realtime"}}),
        }
        folder: Path = tmp_path_factory.mktemp("realtime")
        with running(folder, **settings) as it:
            yield it


def traces(server: Running) -> list[dict[str, Any]]:
    return list(server.admin("/api/v1/traces").json()["data"])


async def talk(server: Running, model: str) -> list[str]:
    """A realtime session of OpenAI's SDK: what came."""
    client = AsyncOpenAI(api_key="own", base_url=f"{server.base_url}/v1")
    said = []
    async with client.realtime.connect(model=model) as session:
        said.append((await session.recv()).type)
        await session.send({"type": "input_audio_buffer.append", "audio": "A" * 200_000})
        event = await session.recv()
        said.append(event.error.message)  # type: ignore[union-attr]
    return said


def test_the_sdk_holds_a_realtime_session(server: Running, provider: Provider):
    created, quoted = asyncio.run(talk(server, "spoken"))
    assert created == "session.created"
    assert json.loads(quoted)["audio"] == "A" * 200_000
    assert provider.paths[-1] == "/v1/realtime?model=gpt-realtime"
    assert provider.keys[-1] == "Bearer held"


def test_a_session_is_recorded_as_metadata_when_it_ends(server: Running):
    before = server.completeness()["begun"]
    asyncio.run(talk(server, "spoken"))
    books = server.wait_for_outcomes(before + 1)
    assert books["metadata_only"] == books["begun"]
    (reason,) = (name for name in books["reasons"] if name.startswith("metadata_only"))
    assert reason == "metadata_only:not_captured"
    trace = until(lambda: traces(server))[0]
    assert (trace["status_code"], trace["ended"], trace["provider"]) == (101, "complete", "voice")
    assert (trace["model"], trace["route"]) == ("spoken", "spoken")


def test_a_refusal_passes_as_the_provider_gave_it(server: Running):
    async def ask() -> Response:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{server.base_url.removeprefix('http://')}/v1/realtime?model=none")
        return refused.value.response

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.body) == (404, REFUSAL)
    assert answer.headers["x-transom-trace-id"]


def test_a_client_that_breaks_off_is_noted(server: Running):
    async def leave() -> None:
        session = await connect(f"ws://{server.base_url.removeprefix('http://')}/v1/realtime?model=spoken")
        await session.recv()
        reset = struct.pack("ii", 1, 0)
        session.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        session.transport.abort()

    before = server.completeness()["begun"]
    asyncio.run(leave())
    server.wait_for_outcomes(before + 1)
    assert until(lambda: traces(server))[0]["ended"] == "client_left"
