"""A provider that breaks HTTP in a way named by the request's path, over a raw socket."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.servers import in_thread

EVENT = b'data: {"id":"chatcmpl-hostile","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"half"}}]}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MESSAGE = b'{"role":"assistant","content":"Zipped"}'
WHOLE = b'{"id":"chatcmpl-zip","model":"gpt-4o-mini","choices":[{"index":0,"message":%b}]}' % MESSAGE


def gzipped(body: bytes) -> bytes:
    """An answer that says that its body is gzipped, whatever it is."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


ZIPPED = gzip.compress(WHOLE, mtime=0)
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
    "negative-length": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}",
    "interim-only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "odd-status": b"HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}",
    "zipped": gzipped(ZIPPED),
    "torn-zip": gzipped(ZIPPED[:30]),
    "no-zip": gzipped(WHOLE),
}
"""What is sent back before the connection is closed. `endless` and `silent` wait until the other side leaves."""


class Hostile:
    """Counts who came to an endless stream or a long wait, and who left."""

    def __init__(self) -> None:
        self.came = self.left = 0
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ")[1].split(b"/")[2].decode()
            if name in ("endless", "silent"):
                await self._last_until_it_leaves(name, reader, writer)
            else:
                writer.write(SCRIPTS[name])
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _last_until_it_leaves(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.came += 1
        talking = asyncio.create_task(self._talk(writer)) if name == "endless" else None
        try:
            while await reader.read(65536):
                pass
        finally:
            self.left += 1
            if talking:
                talking.cancel()

    async def _talk(self, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        with suppress(ConnectionError):
            while True:
                writer.write(CHUNK)
                await writer.drain()
                await asyncio.sleep(0.01)


@contextmanager
def hostile() -> Iterator[Hostile]:
    """Run it in a thread: `/v1/{script}/…` chooses what it does."""
    provider = Hostile()
    with in_thread(lambda: asyncio.start_server(provider.handle, "127.0.0.1", 0, limit=2**20)) as provider.port:
        yield provider
