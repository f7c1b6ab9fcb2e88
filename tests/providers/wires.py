"""A provider that doesn't speak OpenAI's API: answers what a test scripts, and keeps what it received."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wire"


def fixture(wire: str) -> dict[str, Any]:
    """What the provider's public documentation says it answers; `source` names the pages."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{wire}.json").read_text())
    return found


def sse(events: Iterable[Any]) -> list[bytes]:
    """Google's events: data alone."""
    return [f"data: {json.dumps(event)}\r\n\r\n".encode() for event in events]


def named_sse(events: Iterable[tuple[str, Any]]) -> list[bytes]:
    """Anthropic's and Cohere's events: each with its name."""
    return [f"event: {name}\ndata: {json.dumps(event)}\n\n".encode() for name, event in events]


def ndjson(events: Iterable[Any]) -> list[bytes]:
    """Ollama's: a line each."""
    return [json.dumps(event).encode() + b"\n" for event in events]


def event_stream(events: Iterable[list[Any]]) -> list[bytes]:
    """Bedrock's binary frames: https://smithy.io/2.0/aws/amazon-eventstream.html"""
    return [_frame(event) for event in events]


def _frame(event: list[Any]) -> bytes:
    kind = "exception" if event[0] == ":exception" else "event"
    name, payload = event[-2:]
    names = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(_header(name, value) for name, value in names.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


class Broken(Exception):
    """Ends a response in the middle of its body."""


@dataclass
class Reply:
    """What the provider answers. `ends`: `well`, `cut` (in the middle of the body) or `never`.

    `left` becomes true when its body is over, however that came.
    """

    pieces: list[bytes]
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    ends: str = "well"
    silent_s: float = 0
    left: bool = False


def whole(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply([json.dumps(body).encode()], status, headers=headers or {})


class Scripted:
    """The app; `reply` is what it says next."""

    def __init__(self) -> None:
        self.reply = whole({})
        self.received: list[Received] = []
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def says(self, reply: Reply) -> None:
        """Answer this from now on, and forget what was received."""
        self.reply, self.received = reply, []

    @property
    def got(self) -> Received:
        """The one request that it received."""
        (one,) = [request for request in self.received if request.path != "/token"]
        return one

    async def _answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode()
        self.received.append(Received(path, request.url.query, dict(request.headers), await request.body()))
        if path == "/token":
            return Response(json.dumps({"access_token": "granted", "expires_in": 3599, "token_type": "Bearer"}))
        reply = self.reply
        await asyncio.sleep(reply.silent_s)
        return StreamingResponse(self._pieces(reply), reply.status, {"content-type": reply.kind, **reply.headers})

    async def _pieces(self, reply: Reply) -> AsyncIterator[bytes]:
        for piece in reply.pieces:
            yield piece
        try:
            if reply.ends == "never":
                await asyncio.sleep(60)
        finally:
            reply.left = True
        if reply.ends == "cut":
            raise Broken


@dataclass(frozen=True)
class Received:
    """A request as the provider got it."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)
