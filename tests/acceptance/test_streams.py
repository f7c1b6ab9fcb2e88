"""Two thousand slow streams at once through one gateway process, and what the provider sees of clients that leave."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.running import Running, running, until
from tests.servers import in_thread

pytestmark = pytest.mark.slow

STREAMS = 2000
EVENTS = 4
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LEAVES_WITHIN_S = 0.1


def event(number: int) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": f"word {number} "}}]}).encode()


WHOLE = b"".join(event(number) + b"\n\n" for number in range(EVENTS)) + b"data: [DONE]\n\n"


@dataclass
class Slow:
    """A provider whose streams all wait for a word before each event."""

    open: int = 0
    most: int = 0
    closed_at: list[float] = field(default_factory=list)
    step: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        self.open += 1
        self.most = max(self.most, self.open)
        leaving = asyncio.create_task(self._note_end(reader))
        writer.write(HEAD)
        for number in range(EVENTS):
            while self.step < number and not leaving.done():
                await asyncio.sleep(0.02)
            self._write(writer, event(number) + b"\n\n")
        self._write(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await leaving
        writer.close()

    @staticmethod
    def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def _note_end(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            await reader.read()
        self.closed_at.append(time.monotonic())
        self.open -= 1


@contextmanager
def slow() -> Iterator[tuple[Slow, str]]:
    """The provider in a thread, and its base URL."""
    provider = Slow()
    with in_thread(lambda: asyncio.start_server(provider.serve, "127.0.0.1", 0, backlog=4096)) as port:
        yield provider, f"http://127.0.0.1:{port}"


@pytest.fixture
def many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 3 * STREAMS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * STREAMS), hard))


@asynccontextmanager
async def stream(server: Running) -> AsyncIterator[asyncio.StreamReader]:
    """A streamed call on a connection of its own."""
    port = int(server.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
    writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    try:
        yield reader
    finally:
        writer.transport.abort()


async def read_stream(server: Running, gate: asyncio.Semaphore) -> bytes:
    await gate.acquire()
    async with stream(server) as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        gate.release()
        assert head.startswith(b"HTTP/1.1 200 ")
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        return body


async def read_all(server: Running, provider: Slow, gateway: psutil.Process) -> tuple[list[bytes], int]:
    """What each of the streams brought, and what memory the gateway had while all were open."""
    # Connections are made some at a time, or a client's own kernel would drop handshakes.
    gate = asyncio.Semaphore(100)
    calls = [asyncio.create_task(read_stream(server, gate)) for _ in range(STREAMS)]
    async with asyncio.timeout(120):
        while provider.open < STREAMS:
            await asyncio.sleep(0.05)
    memory = gateway.memory_info().rss
    provider.step = EVENTS
    return await asyncio.gather(*calls), memory


@pytest.mark.usefixtures("many_files")
def test_two_thousand_slow_streams_are_held_at_once(tmp_path: Path):
    with slow() as (provider, base_url), running(tmp_path, **settings(base_url)) as server:
        gateway = gateway_of(server)
        before = gateway.memory_info().rss
        bodies, during = asyncio.run(read_all(server, provider, gateway))
        assert provider.most == STREAMS
        assert bodies == [WHOLE] * STREAMS
        assert (during - before) / STREAMS < 50_000
        books = server.wait_for_outcomes(STREAMS, seconds=120)
        assert (books["begun"], books["stored"]) == (STREAMS, STREAMS)


def test_the_provider_sees_at_once_that_a_client_left(tmp_path: Path):
    with slow() as (provider, base_url), running(tmp_path, **settings(base_url)) as server:
        lags = [asyncio.run(leave(server, provider)) for _ in range(20)]
        assert sorted(lags)[len(lags) // 2] < LEAVES_WITHIN_S
        books = server.wait_for_outcomes(len(lags))
        assert books["ended"]["client_left"] == len(lags)


async def leave(server: Running, provider: Slow) -> float:
    """Seconds from a client's leaving to the close that the provider sees."""
    seen = len(provider.closed_at)
    async with stream(server) as reader:
        await reader.readuntil(b"word 0")
        left = time.monotonic()
    async with asyncio.timeout(10):
        while len(provider.closed_at) == seen:
            await asyncio.sleep(0.001)
    return provider.closed_at[-1] - left


def settings(base_url: str) -> dict[str, str]:
    return {
        "TRANSOM_PROVIDERS__SLOW__BASE_URL": base_url,
        "TRANSOM_DEFAULT_PROVIDER": "slow",
        "TRANSOM_REDACTION__PROFILE": "fast",
    }


def gateway_of(server: Running) -> psutil.Process:
    family = psutil.Process(server.process.pid).children()
    return until(lambda: next(child for child in family if "gateway" in child.cmdline()))
