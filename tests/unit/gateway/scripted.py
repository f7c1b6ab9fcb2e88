"""A scripted server on loopback that leaves no socket behind, and a client's end of a connection without a socket."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httptools

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run `handler` for each connection; gives the base URL. Waits at its end until all of them are closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
        yield f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await server.wait_closed()


class FakeTransport(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = self.half_closed = self.paused = False
        self.on_write: Callable[[bytes], None] = lambda data: None

    def write(self, data: Any) -> None:
        self.written += data
        self.on_write(bytes(data))

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.half_closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


@dataclass
class Answer:
    """A response as a client reads it."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False


class _Reader:
    def __init__(self) -> None:
        self.answers = [Answer()]
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answers[-1].headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.answers[-1].status = self.parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        self.answers[-1].body += piece

    def on_message_complete(self) -> None:
        self.answers[-1].complete = True
        self.answers.append(Answer())


def read_answers(data: bytes) -> list[Answer]:
    """The responses in what a server wrote; the last may be incomplete."""
    reader = _Reader()
    reader.parser.feed_data(data)
    return reader.answers if reader.answers[-1].status else reader.answers[:-1]


def read_answer(data: bytes) -> Answer:
    """The first of them."""
    return read_answers(data)[0]
