"""Bytes of clients in, requests out, and answers back in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from tests.unit.gateway.scripted import Answer, FakeTransport, read_answer, read_answers
from transom.gateway.downstream import connection as module
from transom.gateway.downstream.connection import Connection, Desk
from transom.gateway.downstream.request import ClientLeft, Request
from transom.gateway.errors import Refused

GET = b"GET /v1/models?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /v1/a%20b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n"
LENGTH = (b"content-length", b"2")


class Client:
    """A connection whose requests are answered by a function."""

    def __init__(self, answer: Callable[[Request], object] | None = None, header_bytes: int = 1000) -> None:
        self.requests: list[tuple[str, str, bytes, bytes]] = []
        self.refused: list[Refused] = []
        self.ended: list[str] = []
        self.wire = FakeTransport()
        self.state = ServerState()
        self.connection = Connection(Desk(self.answer, self.refused.append, header_bytes), self.state)
        self.connection.connection_made(self.wire)
        self._answer = answer

    async def answer(self, request: Request) -> None:
        try:
            body, last = await request.read()
            while not last:
                piece, last = await request.read()
                body += piece
            self.requests.append((request.method, request.path, request.query, body))
            if self._answer:
                await self._answer(request)  # type: ignore[misc]
            request.start(200, [LENGTH])
            await request.write(b"ok", last=True)
        except ClientLeft:
            self.ended.append("left")
            raise
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise

    async def send(self, *pieces: bytes) -> list[Answer]:
        for piece in pieces:
            self.connection.data_received(piece)
        return await self.settle()

    async def settle(self) -> list[Answer]:
        for _ in range(10):
            await asyncio.sleep(0)
        return read_answers(bytes(self.wire.written)) if self.wire.written else []


async def test_a_request_is_read_and_answered_and_the_connection_stays_open():
    client = Client()
    (answer,) = await client.send(GET)
    assert client.requests == [("GET", "/v1/models", b"a=1", b"")]
    assert (answer.status, answer.body, client.wire.closed) == (200, b"ok", False)
    assert len(await client.send(POST)) == 2
    assert client.requests[1] == ("POST", "/v1/chat/completions", b"", b"hello")


async def test_a_chunked_body_and_an_encoded_path_are_decoded():
    client = Client()
    await client.send(CHUNKED)
    assert client.requests == [("POST", "/v1/a b", b"", b"hello")]


@given(st.lists(st.integers(1, len(POST + CHUNKED + GET)), max_size=12))
def test_any_split_gives_the_same_requests(cuts: list[int]):
    data = POST + CHUNKED + GET
    places = [0, *sorted(set(cuts)), len(data)]

    async def play() -> list[tuple[str, str, bytes, bytes]]:
        client = Client()
        await client.send(*(data[a:b] for a, b in pairwise(places)))
        await client.settle()
        return client.requests

    assert [body for *_, body in asyncio.run(play())] == [b"hello", b"hello", b""]


async def test_pipelined_requests_are_answered_in_their_order():
    gate = asyncio.Event()
    paths: list[str] = []

    async def wait(request: Request) -> None:
        paths.append(request.path)
        if request.path == "/v1/models":
            await gate.wait()

    client = Client(wait)
    assert await client.send(GET + POST) == []
    assert paths == ["/v1/models"]
    gate.set()
    assert len(await client.settle()) == 2
    assert paths == ["/v1/models", "/v1/chat/completions"]


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_and_told_to_the_record(data: bytes):
    client = Client()
    (answer,) = await client.send(data)
    assert (answer.status, dict(answer.headers)[b"connection"]) == (400, b"close")
    assert b"invalid_http" in answer.body
    assert [refused.code for refused in client.refused] == ["invalid_http"]
    assert client.requests == []


async def test_a_body_that_breaks_its_framing_ends_its_request_with_a_400():
    client = Client()
    await client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    (answer,) = await client.send(b"zz\r\n")
    assert answer.status == 400
    assert client.ended == ["cancelled"]
    assert client.refused == [], "its exchange has a record already"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 2000 + b"\r\n\r\n"],
        [b"GET / HTTP/1.1\r\n"] + [b"A%d: b\r\n" % n for n in range(500)],
        [b"GET / HTTP/1.1\r\nA: "] + [b"b" * 100] * 50,
        [b"GET /" + b"x" * 2000 + b" HTTP/1.1\r\n\r\n"],
    ],
)
async def test_a_head_over_the_limit_is_refused(pieces: list[bytes]):
    client = Client()
    (answer,) = await client.send(*pieces)
    assert answer.status == 431
    assert [refused.code for refused in client.refused] == ["headers_too_large"]


async def test_a_head_at_the_limit_passes_with_a_long_body():
    client = Client()
    head = b"POST / HTTP/1.1\r\nA: " + b"b" * 900 + b"\r\nContent-Length: 5000\r\n\r\n"
    (answer,) = await client.send(head + b"x" * 5000)
    assert answer.status == 200


async def test_a_client_that_waits_for_a_sign_gets_it():
    client = Client()
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    client.connection.data_received(head)
    await client.settle()
    assert client.wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"hello")
    assert client.requests == [("POST", "/", b"", b"hello")]


async def test_http_1_0_gets_no_chunks_and_a_close():
    async def stream(request: Request) -> None:
        request.start(200, [])
        await request.write(b"piece", last=False)
        await request.write(b"", last=True)

    client = Client()
    client.answer = stream  # type: ignore[method-assign]
    client.connection = Connection(Desk(stream, client.refused.append, 1000), client.state)
    client.connection.connection_made(client.wire)
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert client.wire.written == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\npiece"
    assert client.wire.closed


async def test_an_offer_of_another_protocol_is_passed_over():
    client = Client()
    await client.send(GET.replace(b"Host: x", b"Connection: Upgrade\r\nUpgrade: h2c") + POST)
    assert [path for _, path, *_ in client.requests] == ["/v1/models", "/v1/chat/completions"]


async def test_a_client_that_leaves_ends_what_was_done_for_it():
    async def wait(request: Request) -> None:
        await asyncio.Event().wait()

    client = Client(wait)
    await client.send(GET)
    client.connection.connection_lost(None)
    await client.settle()
    assert client.ended == ["cancelled"]
    assert not client.state.tasks
    assert not client.state.connections


async def test_a_large_body_that_nobody_reads_is_no_longer_taken():
    client = Client()
    client.connection = Connection(Desk(_never_read, client.refused.append, 1000), client.state)
    client.connection.connection_made(client.wire)
    client.connection.data_received(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 90_000)
    assert client.wire.paused


async def _never_read(request: Request) -> None:
    await asyncio.Event().wait()


async def test_a_client_that_reads_slowly_is_waited_for():
    async def two(request: Request) -> None:
        request.start(200, [])
        await request.write(b"one", last=False)
        await request.write(b"two", last=True)

    client = Client()
    client.connection = Connection(Desk(two, client.refused.append, 1000), client.state)
    client.connection.connection_made(client.wire)
    client.connection.pause_writing()
    client.connection.data_received(GET)
    await client.settle()
    assert b"one" in client.wire.written
    assert b"two" not in client.wire.written
    client.connection.resume_writing()
    await client.settle()
    assert read_answer(bytes(client.wire.written)).body == b"onetwo"


async def test_what_a_refused_client_still_sends_is_forgotten_until_it_has_read_its_answer():
    async def refuse(request: Request) -> None:
        request.start(413, [LENGTH])
        await request.write(b"no", last=True)

    client = Client()
    client.connection = Connection(Desk(refuse, client.refused.append, 1000), client.state)
    client.connection.connection_made(client.wire)
    (answer,) = await client.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n", b"some")
    assert (answer.status, dict(answer.headers)[b"connection"]) == (413, b"close")
    assert client.wire.half_closed
    assert not client.wire.closed
    assert len(await client.send(GET)) == 1


async def test_a_drain_lets_the_current_answer_end_and_closes_idle_connections(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CALM_S", 0.01)
    gate = asyncio.Event()

    async def wait(request: Request) -> None:
        await gate.wait()

    busy, idle = Client(wait), Client()
    await busy.send(GET)
    await idle.send(GET)
    busy.connection.shutdown()
    idle.connection.shutdown()
    assert not idle.wire.closed, "a request may be under way"
    gate.set()
    (answer,) = await busy.settle()
    assert dict(answer.headers)[b"connection"] == b"close"
    assert busy.wire.closed
    async with asyncio.timeout(2):
        while not idle.wire.closed:
            await asyncio.sleep(0.005)


async def test_a_request_during_a_drain_is_answered_as_the_last():
    client = Client()
    await client.send(GET)
    client.connection.shutdown()
    _, answer = await client.send(POST)
    assert (answer.status, dict(answer.headers)[b"connection"]) == (200, b"close")
    assert client.wire.closed
