"""WebSockets through the gateway's tunnel: the handshake, both ways, and every way to end."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.certificates import make_certificate
from tests.unit.gateway.scripted import Handler, serving
from transom.gateway import tunnel as module
from transom.gateway.routes import Target
from transom.gateway.tunnel import Tunnel, TunnelEnd, Upgrade, handshake, is_websocket, knock, subprotocol_key
from transom.gateway.upstream import Client, ClientLimits, UpstreamError, parse_origin

AGREED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Request-Id: r1\r\n\r\n"
ASKS = [(b"connection", b"keep-alive, Upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-key", b"a2V5")]
SHOWN = b"realtime, openai-insecure-api-key.caller, openai-beta.realtime-v1"
KEYED = [*ASKS, (b"authorization", b"Bearer caller"), (b"sec-websocket-protocol", SHOWN)]


def target(base_url: str = "https://api.openai.com/base", **more: Any) -> Target:
    origin = parse_origin(base_url)
    return Target(provider="openai", origin=origin, path=origin.prefix.encode() + b"/v1/realtime", **more)


@asynccontextmanager
async def calling(trust: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    client = Client(ClientLimits(connect_s=5, first_byte_s=5, between_bytes_s=5, connections=1), trust)
    try:
        yield client
    finally:
        await client.close()


class Door(asyncio.Protocol):
    """A client's connection to the gateway: reads the request's head, then has it answered."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.head = gateway, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.head += data
        head, end, early = self.head.partition(b"\r\n\r\n")
        if end:
            self.transport.pause_reading()
            self.gateway.task = asyncio.create_task(self.gateway.answer(head, early, self.transport))


class Gateway:
    """As little of a gateway as a tunnel needs."""

    def __init__(self, base_url: str, upstream: Client, idle_s: float) -> None:
        self.target, self.upstream, self.idle_s = target(base_url), upstream, idle_s
        self.began = asyncio.Event()
        self.upgrade: Upgrade | None = None
        self.client: asyncio.Transport | None = None
        self.may_begin: Callable[[Gateway], bool] = lambda it: True

    async def answer(self, head: bytes, early: bytes, client: asyncio.Transport) -> TunnelEnd:
        lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
        headers = [(name.lower(), value) for name, value in lines]
        request = handshake(self.target, b"model=m", headers)
        self.client = client
        self.upgrade = await knock(self.upstream, self.target.origin, request, 10)
        self.began.set()
        await until(lambda: self.may_begin(self))
        return await self.upgrade.tunnel(client, early, [(b"x-transom-trace-id", b"t1")], self.idle_s)

    async def end(self) -> TunnelEnd:
        async with asyncio.timeout(10):
            return await self.task


@asynccontextmanager
async def gateway(
    base_url: str, trust: ssl.SSLContext | None = None, idle_s: float = 60
) -> AsyncIterator[tuple[Gateway, int]]:
    async with calling(trust) as upstream:
        it = Gateway(base_url, upstream, idle_s)
        server = await asyncio.get_running_loop().create_server(lambda: Door(it), "127.0.0.1", 0)
        try:
            yield it, server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await server.wait_closed()


@asynccontextmanager
async def opened(provide: Handler, **more: Any) -> AsyncIterator[tuple[Gateway, asyncio.StreamReader, Any]]:
    """A tunnel from a raw client to a raw provider, behind the handshake."""

    async def agree(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREED)
        with suppress(ConnectionError):
            await provide(reader, writer)

    async with serving(agree) as base_url, gateway(base_url, **more) as (it, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        try:
            yield it, reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


# ------------------------------------------------------------------ what is asked


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", ASKS, True),
        ("GET", [(b"connection", b"UPGRADE"), (b"upgrade", b"WebSocket")], True),
        ("POST", ASKS, False),
        ("GET", [(b"connection", b"upgrade"), (b"upgrade", b"h2c")], False),
        ("GET", [(b"connection", b"keep-alive"), (b"upgrade", b"websocket")], False),
        ("GET", [*ASKS, (b"content-length", b"5")], False),
        ("GET", [*ASKS, (b"transfer-encoding", b"chunked")], False),
        ("GET", [], False),
    ],
)
def test_only_a_websocket_is_tunnelled(method: str, headers: list[tuple[bytes, bytes]], expected: bool):
    assert is_websocket(method, dict(headers)) is expected


def test_the_handshake_carries_what_the_caller_sent_and_what_an_upgrade_needs():
    headers = [*KEYED, (b"host", b"gateway"), (b"openai-beta", b"realtime=v1"), (b"x-transom-app", b"a")]
    head = handshake(target(), b"model=m", headers)
    assert head == (
        b"GET /base/v1/realtime?model=m HTTP/1.1\r\nhost: api.openai.com\r\nconnection: Upgrade\r\n"
        b"upgrade: websocket\r\nsec-websocket-key: a2V5\r\nauthorization: Bearer caller\r\n"
        b"sec-websocket-protocol: " + SHOWN + b"\r\nopenai-beta: realtime=v1\r\n\r\n"
    )


@pytest.mark.parametrize("more", [{"api_key": "held"}, {"addressed": False}, {"api_key": "held", "addressed": False}])
def test_the_caller_s_key_goes_to_nobody_else(more: dict[str, Any]):
    head = handshake(target(**more), b"", KEYED)
    assert b"caller" not in head
    assert b"sec-websocket-protocol: realtime, openai-beta.realtime-v1\r\n" in head
    assert (b"authorization: Bearer held\r\n" in head) is ("api_key" in more)
    alone = [*ASKS, (b"sec-websocket-protocol", b"openai-insecure-api-key.caller")]
    assert b"sec-websocket-protocol" not in handshake(target(**more), b"", alone)


def test_a_key_in_a_subprotocol_is_a_credential():
    assert subprotocol_key(dict(KEYED)) == b"caller"
    assert subprotocol_key(dict(ASKS)) is None
    assert subprotocol_key({b"sec-websocket-protocol": b"openai-insecure-api-key."}) is None


# ------------------------------------------------------------------ what is answered


async def knock_at(answer: bytes, stay: bool = False, first_byte_s: float = 10) -> tuple[int, list[Any], bytes]:
    """What becomes of a handshake that is answered so: status, headers, body."""

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if stay:
            assert await reader.read() == b""

    async with serving(provide) as base_url, calling() as client:
        upgrade = await knock(client, parse_origin(base_url), handshake(target(base_url), b"", ASKS), first_byte_s)
        body, last = b"", False
        try:
            while not last:
                piece, last = await upgrade.read()
                body += piece
        finally:
            upgrade.close()
    return upgrade.status, upgrade.headers, body


@pytest.mark.parametrize(
    ("answer", "stay"),
    [
        (b"HTTP/1.1 401 No\r\nContent-Length: 5\r\n\r\nno_ke", True),
        (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n3\r\n_ke\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 401 No\r\nConnection: close\r\n\r\nno_ke", False),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 5\r\n\r\nno_ke", True),
    ],
)
async def test_a_refusal_is_an_answer_like_any_other(answer: bytes, stay: bool):
    status, headers, body = await knock_at(answer, stay)
    assert (status, len(headers), body) == (401, 1, b"no_ke")


async def test_a_large_refusal_is_read_as_it_is_taken():
    body = bytes(2**20)
    answer = b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert await knock_at(answer, stay=True) == (403, [(b"Content-Length", b"1048576")], body)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "upstream_closed"),
        (b"HTTP/1.1 101 Swi", "upstream_incomplete"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nno", "upstream_incomplete"),
        (b"nonsense\r\n\r\n", "upstream_protocol_error"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "upstream_protocol_error"),
        (b"HTTP/1.1 999 No\r\n\r\n", "upstream_protocol_error"),
        (b"HTTP/1.1 101 X\r\nx: " + bytes(300_000).replace(b"\0", b"x"), "upstream_protocol_error"),
    ],
)
async def test_a_provider_that_breaks_the_handshake(answer: bytes, code: str):
    with pytest.raises(UpstreamError, match=code):
        await knock_at(answer)


async def test_a_provider_that_never_answers_the_handshake():
    with pytest.raises(UpstreamError, match="upstream_timeout"):
        await knock_at(b"", stay=True, first_byte_s=0.05)


# ------------------------------------------------------------------ what passes


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def talk(port: int) -> None:
    uri = f"ws://127.0.0.1:{port}/v1/realtime"
    async with connect(uri, max_size=None, subprotocols=cast(Any, ["realtime"])) as client:
        assert client.subprotocol == "realtime"
        assert client.response and client.response.headers["x-transom-trace-id"] == "t1"
        for message in ("text", b"\x00\xff", "", os.urandom(2_000_000)):
            await client.send(message)
            assert await client.recv() == message
        await (await client.ping())
    assert client.close_code == 1000


async def test_a_websocket_works_as_without_a_gateway():
    async with serve(echo, "127.0.0.1", 0, max_size=None, subprotocols=cast(Any, ["realtime"])) as server:
        base_url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with gateway(base_url) as (it, port):
            await talk(port)
            end = await it.end()
    assert end.clean and end.to_client > 2_000_000 and end.to_provider > 2_000_000
    assert 0 < end.seconds < 60


async def test_a_websocket_works_over_tls(tmp_path: Path):
    make_certificate(tmp_path)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    async with serve(echo, "localhost", 0, ssl=own, max_size=None, subprotocols=cast(Any, ["realtime"])) as server:
        base_url = f"https://localhost:{next(iter(server.sockets)).getsockname()[1]}"
        async with gateway(base_url, trust) as (it, port):
            await talk(port)
            end = await it.end()
    assert end.clean


async def test_bytes_that_came_with_the_handshake_are_not_lost():
    got = b""

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"model=m" in head
        writer.write(AGREED + b"first")
        got = await reader.readexactly(5)

    async with serving(provide) as base_url, gateway(base_url) as (it, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly")
        answer = await reader.read()
        writer.close()
        end = await it.end()
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head + b"\r\n\r\n" == AGREED[:-2] + b"x-transom-trace-id: t1\r\n\r\n"
    assert (rest, got, end.to_client, end.to_provider) == (b"first", b"early", 5, 5)


async def test_a_slow_reader_slows_the_other_end_down():
    sent = b"x" * 8_000_000

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()

    async with opened(provide) as (it, reader, writer):
        writer.transport.pause_reading()
        assert it.client and it.upgrade
        provider = it.upgrade._transport
        await until(lambda: not provider.is_reading())
        assert it.client.get_write_buffer_size() < 2**20
        for transport in (it.client, provider):
            assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.transport.resume_reading()
        received = await reader.read()
        writer.close()
        end = await it.end()
    assert len(received) == end.to_client == len(sent)


# ------------------------------------------------------------------ how it ends


async def test_one_direction_may_end_before_the_other():
    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read()
        writer.write(asked.upper())

    async with opened(provide) as (it, reader, writer):
        writer.write(b"question")
        writer.write_eof()
        assert await reader.read() == b"QUESTION"
        writer.close()
        end = await it.end()
    assert (end.first_left, end.clean, end.to_provider, end.to_client) == ("client", True, 8, 8)


async def test_a_provider_that_leaves_takes_the_client_along():
    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    async with opened(provide) as (it, reader, writer):
        assert await reader.read() == b"bye"
        writer.close()
        end = await it.end()
    assert (end.first_left, end.clean, end.to_client) == ("provider", True, 3)


async def test_a_client_that_is_cut_off_takes_the_provider_along():
    gone = asyncio.Event()

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        gone.set()

    async with opened(provide) as (it, _, writer):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        async with asyncio.timeout(5):
            await gone.wait()
        end = await it.end()
    assert (end.first_left, end.clean) == ("client", False)


class Stuck(asyncio.Transport):
    """An end that reads nothing, so that it can't be closed in peace."""

    closing = aborted = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.Protocol, protocol)

    def is_closing(self) -> bool:
        return self.closing

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        if not self.aborted:
            self.aborted = True
            self.protocol.connection_lost(None)


async def test_an_end_that_reads_nothing_more_is_cut_when_the_other_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CLOSE_S", 0.05)
    client, provider = Stuck(), Stuck()
    task = asyncio.create_task(Tunnel(client, provider, 60).run(b"", b""))
    await asyncio.sleep(0)
    client.protocol.connection_lost(ConnectionResetError())
    assert provider.closing and not provider.aborted
    async with asyncio.timeout(5):
        end = await task
    assert provider.aborted
    assert (end.first_left, end.clean) == ("client", False)


async def test_an_end_that_sends_no_more_does_not_hold_the_other_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "HALF_CLOSED_S", 0.05)

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    async with opened(provide) as (it, reader, _):
        assert await reader.read() == b"bye"
        end = await it.end()
    assert end.first_left == "provider"


async def test_a_tunnel_that_is_cancelled_cuts_both_ends():
    gone = asyncio.Event()

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        gone.set()

    async with opened(provide) as (it, reader, _):
        it.task.cancel()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        async with asyncio.timeout(5):
            await gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await it.task


async def test_silence_for_too_long_ends_a_tunnel():
    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with opened(provide, idle_s=0.1) as (it, reader, writer):
        writer.write(b"hello")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        end = await it.end()
    assert (end.first_left, end.clean, end.to_provider) == ("gateway", False, 5)
    # The loop's clock counts in milliseconds.
    assert round(end.seconds, 3) >= 0.1


async def test_a_client_that_left_during_the_handshake():
    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        it.client.abort()
        writer.write(AGREED)
        assert await reader.read() == b""

    async with serving(provide) as base_url, gateway(base_url) as (it, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        await it.began.wait()
        end = await it.end()
        writer.close()
    assert (end.first_left, end.to_client, end.to_provider) == ("client", 0, 0)


async def test_a_provider_that_left_as_soon_as_it_agreed():
    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREED + b"sorry")

    async with serving(provide) as base_url, gateway(base_url) as (it, port):
        it.may_begin = lambda it: it.upgrade is not None and it.upgrade._transport.is_closing()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        answer = await reader.read()
        writer.close()
        end = await it.end()
    assert answer.startswith(b"HTTP/1.1 101 ") and answer.endswith(b"\r\n\r\nsorry")
    assert (end.first_left, end.to_client) == ("provider", 5)
