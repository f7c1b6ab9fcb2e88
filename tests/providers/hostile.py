"""A provider that breaks HTTP in a way named by the request's path, over a raw socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EVENT = b'data: {"id":"chatcmpl-hostile","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"half"}}]}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

SCRIPTS = {
    "garbage": b"this is not HTTP at all\r\n\r\n",
    "nothing": b"",
    "half-header": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "short": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
    "mid-stream": STREAM + CHUNK,
    "bad-chunk": STREAM + CHUNK + b"zz\r\nnonsense\r\n",
    "not-json": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\nnot json!",
    "huge-header": b"HTTP/1.1 200 OK\r\nx-large: " + b"x" * 400_000 + b"\r\n\r\n",
    "both-lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
}
"""What is sent back before the connection is closed. `endless` streams until the other side leaves."""


class Hostile:
    """Counts who left an endless stream."""

    def __init__(self) -> None:
        self.left = 0
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ")[1].split(b"/")[2].decode()
            if name == "endless":
                await self._endless(reader, writer)
            else:
                writer.write(SCRIPTS[name])
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _endless(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        try:
            while True:
                writer.write(CHUNK)
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            self.left += 1


@contextmanager
def hostile() -> Iterator[Hostile]:
    """Run it in a thread: `/v1/{script}/…` chooses what it does."""
    provider, ready = Hostile(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(provider.handle, "127.0.0.1", 0)
        provider.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
