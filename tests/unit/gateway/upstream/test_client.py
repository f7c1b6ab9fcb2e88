"""The HTTP/1.1 client against providers that behave, and that don't."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.unit.gateway.scripted import Handler, serving
from transom.gateway.upstream import HIGH_WATER, Client, ClientLimits, Origin, UpstreamError, parse_origin

QUICK = ClientLimits(connect_s=1, first_byte_s=5, between_bytes_s=5, connections=4)


@asynccontextmanager
async def provider(handler: Handler, limits: ClientLimits = QUICK) -> AsyncIterator[tuple[Client, Origin]]:
    async with serving(handler) as base_url:
        client = Client(limits)
        try:
            yield client, parse_origin(base_url)
        finally:
            await client.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def scripted(*answers: bytes, close: bool = False) -> Handler:
    """Answers each request on a connection with the next piece of script, each connection from its start."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                await read_head(reader)
                writer.write(answer)
                await writer.drain()
            if not close:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return handle


async def fetch(client: Client, origin: Origin, method: bytes = b"GET") -> tuple[int, bytes]:
    response = await client.request(origin, method, b"/x", [], b"")
    body, last = b"", False
    try:
        while not last:
            piece, last = await response.read()
            body += piece
    finally:
        response.close()
    return response.status, body


LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "close", "expected"),
    [
        (LENGTH, False, (200, b"hello")),
        (CHUNKED, False, (200, b"hello")),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", True, (200, b"hello")),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", True, (200, b"hello")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH, False, (200, b"hello")),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + CHUNKED, False, (200, b"hello")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", False, (304, b"")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", False, (200, b"")),
    ],
)
async def test_every_framing_is_read_to_its_end(answer: bytes, close: bool, expected: tuple[int, bytes]):
    async with provider(scripted(answer, close=close)) as (client, origin):
        assert await fetch(client, origin) == expected


async def test_a_head_answer_has_no_body_whatever_its_length_says():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    async with provider(scripted(head, LENGTH)) as (client, origin):
        assert await fetch(client, origin, b"HEAD") == (200, b"")
        assert await fetch(client, origin) == (200, b"hello")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "upstream_closed"),
        (b"garbage\r\n\r\n", "upstream_protocol_error"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "upstream_incomplete"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", "upstream_incomplete"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", "upstream_incomplete"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n", "upstream_protocol_error"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "upstream_protocol_error",
        ),
        (b"HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n", "upstream_protocol_error"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxx", "upstream_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000 + b"\r\n\r\n", "upstream_protocol_error"),
    ],
)
async def test_a_broken_answer_is_an_error_with_a_name(answer: bytes, code: str):
    async with provider(scripted(answer, close=True)) as (client, origin):
        with pytest.raises(UpstreamError) as error:
            await fetch(client, origin)
        assert error.value.code == code


async def test_what_came_before_a_break_is_delivered_first():
    async with provider(scripted(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", close=True)) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        assert await response.read() == (b"hello", False)
        with pytest.raises(UpstreamError, match="incomplete"):
            await response.read()


async def test_nobody_listens():
    async with provider(scripted()) as (_, origin):
        pass
    nobody = Client(QUICK)
    with pytest.raises(UpstreamError, match="unreachable"):
        await fetch(nobody, origin)
    await nobody.close()


async def test_a_silent_provider_runs_into_the_time_limit():
    limits = ClientLimits(connect_s=1, first_byte_s=0.05, between_bytes_s=0.05, connections=4)
    async with provider(scripted(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"), limits) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        await response.read()
        with pytest.raises(UpstreamError, match="timeout"):
            await response.read()


async def test_connections_are_kept_and_reused():
    opened = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await scripted(LENGTH, CHUNKED, LENGTH)(reader, writer)

    async with provider(count) as (client, origin):
        for _ in range(3):
            assert await fetch(client, origin) == (200, b"hello")
    assert opened == 1


async def test_a_connection_that_went_stale_is_replaced_once():
    async with provider(scripted(LENGTH, b"", close=True)) as (client, origin):
        assert await fetch(client, origin) == (200, b"hello")
        assert await fetch(client, origin) == (200, b"hello")


async def test_a_connection_that_says_close_is_not_reused():
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"
    async with provider(scripted(answer, b"")) as (client, origin):
        assert await fetch(client, origin) == (200, b"hello")
        assert await fetch(client, origin) == (200, b"hello")


async def test_leaving_in_the_middle_closes_the_connection_at_the_provider():
    gone = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n")
        with suppress(ConnectionError):
            await reader.read()
        gone.set()
        writer.close()

    async with provider(endless) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        await response.read()
        response.close()
        async with asyncio.timeout(2):
            assert await gone.wait()


async def test_requests_over_the_bound_wait_their_turn():
    limits = ClientLimits(connect_s=1, first_byte_s=5, between_bytes_s=5, connections=2)
    async with provider(scripted(*[LENGTH] * 20), limits) as (client, origin):
        answers = await asyncio.gather(*(fetch(client, origin) for _ in range(10)))
    assert answers == [(200, b"hello")] * 10


async def test_a_slow_reader_holds_the_provider_back():
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        try:
            while sent < 100_000_000:
                writer.write(b"x" * 2**16)
                await writer.drain()
                sent += 2**16
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with provider(flood) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        connection = response._connection
        async with asyncio.timeout(5):
            while not connection._paused:
                await asyncio.sleep(0)
        assert connection._unread <= HIGH_WATER + 2**18
        assert sent < 50_000_000
        response.close()


async def test_a_streamed_body_arrives_and_an_early_answer_ends_it():
    received = b""

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await read_head(reader)
        received = await reader.readexactly(8)
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()
        writer.close()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 8
            await asyncio.sleep(0)

    async with provider(early) as (client, origin):
        response = await client.request(origin, b"POST", b"/", [(b"content-length", b"80000")], pieces())
        assert response.status == 413
        assert await response.read() == (b"no", True)
        response.close()
    assert received == b"x" * 8


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder)
    return folder


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


async def test_over_tls_with_a_private_authority(certificate: Path):
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    async with serving(scripted(CHUNKED, LENGTH), server_tls(certificate)) as base_url:
        client = Client(QUICK, trust)
        assert await fetch(client, parse_origin(base_url)) == (200, b"hello")
        assert await fetch(client, parse_origin(base_url)) == (200, b"hello")
        await client.close()


@pytest.mark.parametrize(("trusted", "host"), [(False, "localhost"), (True, "127.0.0.1")], ids=["authority", "name"])
async def test_who_cannot_prove_its_name_gets_nothing(certificate: Path, trusted: bool, host: str):
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem") if trusted else None)
    async with serving(scripted(LENGTH), server_tls(certificate)) as base_url:
        client = Client(QUICK, trust)
        with pytest.raises(UpstreamError, match="upstream_tls_error"):
            await fetch(client, parse_origin(base_url.replace("localhost", host)))
        await client.close()


# ------------------------------------------------------------------ leaving


class Departure:
    """A provider that answers with `before` and waits; `gone` is when it saw the connection close."""

    def __init__(self, before: bytes) -> None:
        self.before = before
        self.came, self.gone = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(self.before)
        self.came.set()
        with suppress(ConnectionError):
            while await reader.read(2**16):
                pass
        self.gone.set_result(asyncio.get_running_loop().time())


async def silence() -> AsyncIterator[bytes]:
    yield b"x"
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("body", [b"", b"x" * 2**22, None], ids=["small", "large", "streamed"])
@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
async def test_a_cancelled_request_is_gone_at_the_provider_within_100_ms(
    certificate: Path, body: bytes | None, over_tls: bool
):
    handler = Departure(b"")
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    async with serving(handler, server_tls(certificate) if over_tls else None) as base_url:
        client = Client(QUICK, trust)
        sent = silence() if body is None else body
        request = asyncio.create_task(client.request(parse_origin(base_url), b"POST", b"/", [], sent))
        await handler.came.wait()
        left = asyncio.get_running_loop().time()
        request.cancel()
        async with asyncio.timeout(2):
            assert await handler.gone - left < 0.1
        await asyncio.wait([request])
        assert request.cancelled()
        await client.close()


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
async def test_a_closed_response_is_gone_at_the_provider_within_100_ms(certificate: Path, over_tls: bool):
    handler = Departure(CHUNKED[:-5])
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    async with serving(handler, server_tls(certificate) if over_tls else None) as base_url:
        client = Client(QUICK, trust)
        response = await client.request(parse_origin(base_url), b"POST", b"/", [], b"")
        assert (await response.read())[0].startswith(b"hel")
        left = asyncio.get_running_loop().time()
        response.close()
        async with asyncio.timeout(2):
            assert await handler.gone - left < 0.1
        await client.close()


async def test_a_response_is_closed_once_and_read_no_more():
    async with provider(scripted(LENGTH, LENGTH)) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        response.close()
        response.close()
        with pytest.raises(ValueError, match="closed"):
            await response.read()
        assert await asyncio.gather(fetch(client, origin), fetch(client, origin)) == [(200, b"hello")] * 2


async def test_a_closed_client_leaves_no_body_that_looks_whole():
    async with provider(Departure(b"HTTP/1.1 200 OK\r\n\r\nhello")) as (client, origin):
        response = await client.request(origin, b"GET", b"/", [], b"")
        assert await response.read() == (b"hello", False)
        await client.close()
        with pytest.raises(UpstreamError, match="upstream_incomplete"):
            await response.read()
        response.close()


# ------------------------------------------------------------------ bodies on their way out


def collecting(size: int, received: list[bytes], go: asyncio.Event | None = None) -> Handler:
    """Reads a body of `size` bytes, once told to `go`, and answers."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        if go:
            await go.wait()
        received.append(await reader.readexactly(size))
        writer.write(LENGTH)
        await reader.read()

    return handle


async def test_a_large_body_arrives_whole():
    body, received = bytes(range(256)) * 2**14, list[bytes]()
    async with provider(collecting(len(body), received)) as (client, origin):
        response = await client.request(origin, b"POST", b"/", [], body)
        assert await response.read() == (b"hello", True)
        response.close()
    assert received == [body]


async def test_a_provider_that_takes_a_body_slowly_holds_its_source_back():
    received, go, given = list[bytes](), asyncio.Event(), 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(500):
            given += 2**16
            yield b"x" * 2**16

    async with provider(collecting(500 * 2**16, received, go)) as (client, origin):
        request = asyncio.create_task(client.request(origin, b"POST", b"/", [], pieces()))
        before = -1
        async with asyncio.timeout(5):
            while given != before or not given:
                before = given
                await asyncio.sleep(0.05)
        assert given < 400 * 2**16
        go.set()
        (await request).close()
    assert [len(one) for one in received] == [500 * 2**16]


async def test_an_answer_before_the_bodys_end_does_not_wait_for_its_source():
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await reader.read()

    async with provider(refuse) as (client, origin):
        async with asyncio.timeout(2):
            response = await client.request(origin, b"POST", b"/", [], silence())
        assert (response.status, await response.read()) == (413, (b"no", True))
        response.close()


async def test_a_source_that_fails_ends_the_request_with_its_own_error():
    async def torn() -> AsyncIterator[bytes]:
        yield b"x"
        raise LookupError

    handler = Departure(b"")
    async with provider(handler) as (client, origin):
        with pytest.raises(LookupError):
            await client.request(origin, b"POST", b"/", [], torn())
        async with asyncio.timeout(2):
            assert await handler.gone


# ------------------------------------------------------------------ limits and retries


async def test_a_call_may_have_a_limit_of_its_own_for_the_first_byte():
    async with provider(Departure(b"")) as (client, origin):
        began = asyncio.get_running_loop().time()
        with pytest.raises(UpstreamError, match="upstream_timeout"):
            await client.request(origin, b"GET", b"/", [], b"", first_byte_s=0.05)
        assert asyncio.get_running_loop().time() - began < 2


def stale_once(bodies: list[bytes]) -> Handler:
    """Answers one request of each connection, and closes it when the second has come."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await read_head(reader)
            bodies.append(await reader.readexactly(2**20))
            writer.write(LENGTH)
            await read_head(reader)

    return handle


async def test_a_large_body_is_sent_again_when_its_connection_went_stale():
    body, bodies = b"x" * 2**20, list[bytes]()
    async with provider(stale_once(bodies)) as (client, origin):
        for _ in range(2):
            response = await client.request(origin, b"POST", b"/", [], body)
            assert await response.read() == (b"hello", True)
            response.close()
    assert bodies == [body, body]


async def test_a_streamed_body_is_not_sent_again():
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 2**20

    async with provider(stale_once([])) as (client, origin):
        response = await client.request(origin, b"POST", b"/", [], pieces())
        assert await response.read() == (b"hello", True)
        response.close()
        with pytest.raises(UpstreamError, match="upstream_closed"):
            await client.request(origin, b"POST", b"/", [], pieces())


async def test_a_new_connection_that_closes_without_an_answer_is_not_replaced():
    opened = 0

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await read_head(reader)

    async with provider(rude) as (client, origin):
        with pytest.raises(UpstreamError, match="upstream_closed"):
            await fetch(client, origin)
    assert opened == 1
