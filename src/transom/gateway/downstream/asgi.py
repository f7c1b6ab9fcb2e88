"""Has an ASGI app answer a request: the few paths of the gateway's own, which FastAPI serves."""

from __future__ import annotations

from typing import Any

from transom.gateway.downstream.request import ClientLeft, Request


async def answer_by(app: Any, request: Request) -> None:
    """Run an ASGI app for one request. An app that fails half-way cuts the connection."""
    exchange = _Exchange(request)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1" if request.modern else "1.0",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.raw_path,
        "query_string": request.query,
        "root_path": "",
        "headers": request.headers,
        "client": None,
        "server": None,
    }
    try:
        await app(scope, exchange.receive, exchange.send)
    finally:
        if not request.answered:
            request.cut()


class _Exchange:
    """`receive` and `send` of one ASGI call."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._read = False

    async def receive(self) -> dict[str, Any]:
        if self._read:
            await self._request.gone()
            return {"type": "http.disconnect"}
        try:
            piece, self._read = await self._request.read()
        except ClientLeft:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": not self._read}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._request.start(message["status"], list(message["headers"]))
        else:
            await self._request.write(message.get("body", b""), not message.get("more_body", False))
