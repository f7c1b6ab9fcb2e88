"""A provider that answers as real ones did, byte for byte: `x-recorded-row: N` chooses the recorded exchange."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.running import free_port, until
from transom.capture.exchange import Capture
from transom.types import Ended, uuid7

FILE = Path(__file__).parents[3] / "shared" / "recorded" / "provider_traffic.jsonl"

PROVIDERS = {
    "api.openai.com": ("openai", ""),
    "api.anthropic.com": ("anthropic", ""),
    "api.cohere.com": ("cohere", ""),
    "api.groq.com": ("groq", "/openai"),
    "api.mistral.ai": ("mistral", ""),
    "127.0.0.1:11434": ("ollama", ""),
    "localhost:8000": ("vllm", ""),
    "traceloop-stg.openai.azure.com": ("azure", ""),
}
"""The provider's name at the gateway, and the part of its paths that belongs to its base URL."""


def to_capture(row: dict[str, Any]) -> Capture:
    """What the gateway would have recorded of a line of the file."""
    path, _, query = row["path"].partition("?")
    return Capture(
        id=uuid7(),
        project_id="default",
        key_id="anonymous",
        started_at=1,
        method=row["method"],
        path=path,
        query=query,
        provider=PROVIDERS[row["host"]][0],
        route=None,
        otel_span_id="00f067aa0ba902b7",
        request_headers=list(row["request_headers"].items()),
        request_body=row["request_body"].encode(),
        status=row["status"],
        response_headers=list(row["response_headers"].items()),
        response_body=row["response_body"].encode(),
        ended=Ended.COMPLETE,
        latency_ns=1,
        ttft_ns=1,
        overhead_ns=1,
    )


@dataclass(frozen=True)
class Row:
    """A recorded exchange."""

    number: int
    host: str
    method: str
    path: str
    request_headers: dict[str, str]
    request_body: str
    status: int
    response_headers: dict[str, str]
    response_body: str

    @property
    def provider(self) -> str:
        return PROVIDERS[self.host][0]

    @property
    def gateway_path(self) -> str:
        """Where a client of the gateway sends it."""
        return f"/{self.provider}{self.path.removeprefix(PROVIDERS[self.host][1])}"

    @property
    def streamed(self) -> bool:
        return "event-stream" in self.response_headers.get("content-type", "")


@cache
def rows() -> list[Row]:
    """Everything recorded; empty where the file isn't there."""
    if not FILE.exists():
        return []
    names = [f for f in Row.__dataclass_fields__ if f != "number"]
    found = [json.loads(line) for line in FILE.read_text().splitlines()]
    return [Row(number, **{name: row[name] for name in names}) for number, row in enumerate(found)]


@dataclass(frozen=True)
class Received:
    """What the provider got."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Recorded:
    """The app, and what it received, by row (the last time, where one is sent again)."""

    def __init__(self) -> None:
        self.received: dict[int, Received] = {}
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])

    async def _answer(self, request: Request) -> Response:
        row = rows()[int(request.headers["x-recorded-row"])]
        query = request.scope["query_string"]
        target = request.scope["raw_path"] + (b"?" + query if query else b"")
        got = Received(request.method, target.decode(), dict(request.headers), await request.body())
        self.received[row.number] = got
        return StreamingResponse(_pieces(row), row.status, row.response_headers)


async def _pieces(row: Row) -> AsyncIterator[bytes]:
    """The body, event by event where it is a stream of them."""
    body = row.response_body.encode()
    for piece in re.findall(rb".+?(?:\n\n|\Z)", body, re.S) if row.streamed else [body]:
        yield piece


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test's own."""


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """An ASGI app on loopback, in a thread; gives its base URL."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", date_header=False)
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def settings(base_url: str) -> dict[str, str]:
    """The environment that sends every provider's traffic to `base_url`."""
    return {f"TRANSOM_PROVIDERS__{name.upper()}__BASE_URL": base_url + prefix for name, prefix in PROVIDERS.values()}
