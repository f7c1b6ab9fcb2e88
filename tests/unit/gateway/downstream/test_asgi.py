"""FastAPI's side of a request."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.server import ServerState

from tests.unit.gateway.scripted import FakeTransport, read_answer
from transom.gateway.downstream.asgi import answer_by
from transom.gateway.downstream.connection import Connection, Desk

POST = b"POST /v1/feedback?a=1 HTTP/1.1\r\nContent-Length: 5\r\nX-A: b\r\n\r\n"


async def play(app: Any, *pieces: bytes, leave: bool = False) -> FakeTransport:
    wire, state = FakeTransport(), ServerState()
    connection = Connection(Desk(lambda request: answer_by(app, request), lambda refused: None, 1000), state)
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
        await asyncio.sleep(0)
    if leave:
        connection.connection_lost(None)
    await asyncio.gather(*state.tasks, return_exceptions=True)
    return wire


async def test_an_app_sees_the_request_and_its_answer_goes_out():
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        seen.append(await receive())
        seen.append(await receive())
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        seen.append(await receive())

    wire = await play(app, POST + b"he", b"llo")
    scope, first, second, last = seen
    assert (scope["method"], scope["path"], scope["query_string"]) == ("POST", "/v1/feedback", b"a=1")
    assert scope["headers"] == [(b"content-length", b"5"), (b"x-a", b"b")]
    assert first == {"type": "http.request", "body": b"he", "more_body": True}
    assert second == {"type": "http.request", "body": b"llo", "more_body": False}
    assert last == {"type": "http.disconnect"}
    assert (read_answer(bytes(wire.written)).status, read_answer(bytes(wire.written)).body) == (202, b"ok")


async def test_a_client_that_leaves_early_is_a_disconnect_or_a_cancellation():
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            seen.append(await receive())
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    await play(app, POST, leave=True)
    assert seen in ([{"type": "http.disconnect"}], ["cancelled"])


async def test_an_app_that_fails_cuts_the_connection():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError

    wire = await play(app, POST + b"hello")
    assert wire.closed
    assert not read_answer(bytes(wire.written)).complete
