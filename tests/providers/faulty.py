"""A provider with faults, over a raw socket: the model that a request names chooses what goes wrong."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from tests.servers import in_thread

MESSAGE = b'{"role":"assistant","content":"All is well."}'
BODY = b'{"id":"chatcmpl-1","object":"chat.completion","model":"well","choices":[{"index":0,"message":%b}]}' % MESSAGE
EVENT = b'data: {"id":"chatcmpl-1","model":"well","choices":[{"index":0,"delta":{"content":"All is"}}]}\n\n'
LIMITED = b'{"error":{"message":"Slow down.","type":"requests","param":null,"code":"rate_limit_exceeded"}}'
ZIPPED = gzip.compress(BODY, mtime=0)

Then = Literal["keep", "close", "reset", "stall", "repeat"]


@dataclass(frozen=True)
class Fault:
    """What is sent, and what becomes of the connection: `repeat` sends `more` until the other side leaves."""

    sends: bytes = b""
    then: Then = "close"
    more: bytes = b""


def answer(body: bytes, *headers: bytes, length: int | None = None, status: bytes = b"200 OK") -> bytes:
    """An answer of JSON that says it has `length` bytes, by default as many as it has."""
    said = len(body) if length is None else length
    lines = [b"HTTP/1.1 " + status, b"content-type: application/json", b"content-length: %d" % said, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def stream(*pieces: bytes, framing: bytes = b"transfer-encoding: chunked") -> bytes:
    """The head of a stream and what follows it."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + framing + b"\r\n\r\n" + b"".join(pieces)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


WELL = answer(BODY)
HINT = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

FAULTS = {
    "well": Fault(WELL, "keep"),
    "closes at once": Fault(),
    "resets at once": Fault(then="reset"),
    "stalls at once": Fault(then="stall"),
    "sends half a header": Fault(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "stalls in a header": Fault(b"HTTP/1.1 200 OK\r\ncontent-ty", "stall"),
    "sends a huge header": Fault(answer(BODY, b"x-large: " + b"x" * 400_000)),
    "sends a header without end": Fault(b"HTTP/1.1 200 OK\r\n", "repeat", b"x-more: " + b"x" * 990 + b"\r\n"),
    "sends a field without end": Fault(b"HTTP/1.1 200 OK\r\nx-more: ", "repeat", b"x" * 1000),
    "resets in its body": Fault(stream(chunk(EVENT)), "reset"),
    "closes in its body": Fault(stream(chunk(EVENT))),
    "stalls in its body": Fault(stream(chunk(EVENT)), "stall"),
    "closes before its length": Fault(answer(BODY, length=len(BODY) + 400)),
    "stalls before its length": Fault(answer(BODY, length=len(BODY) + 400), "stall"),
    "goes on after its length": Fault(WELL + b"and more that nobody announced", "keep"),
    "answers twice": Fault(WELL + answer(b'{"id":"poison"}'), "keep"),
    "goes on until it closes": Fault(stream(EVENT, framing=b"connection: close")),
    "limits the rate": Fault(answer(LIMITED, b"Retry-After: 7", status=b"429 Too Many Requests"), "keep"),
    "is overloaded": Fault(answer(LIMITED, b"Retry-After: 7", status=b"503 Service Unavailable"), "keep"),
    "redirects": Fault(answer(b"{}", b"location: http://localhost:1/elsewhere", status=b"302 Found"), "keep"),
    "sends both framings": Fault(stream(chunk(EVENT), framing=b"content-length: 3\r\ntransfer-encoding: chunked")),
    "sends both framings, chunked first": Fault(
        stream(b"0\r\n\r\n", framing=b"transfer-encoding: chunked\r\ncontent-length: 5")
    ),
    "sends two lengths": Fault(answer(BODY, b"content-length: 3")),
    "sends a negative length": Fault(answer(BODY, length=-5)),
    "sends a length with a sign": Fault(stream(BODY, framing=b"content-length: +5")),
    "sends a name with a space": Fault(stream(BODY, framing=b"content-length : 5")),
    "sends an unknown coding": Fault(stream(b"5\r\n", framing=b"transfer-encoding: chunked, sideways")),
    "sends chunks of no size": Fault(stream(chunk(EVENT), b"zz\r\nnonsense\r\n")),
    "sends chunks of negative size": Fault(stream(chunk(EVENT), b"-5\r\nnonsense\r\n")),
    "sends chunks beyond counting": Fault(stream(chunk(EVENT), b"f" * 20 + b"\r\nnonsense\r\n")),
    "sends chunks that are longer": Fault(stream(b"3\r\n" + EVENT + b"\r\n0\r\n\r\n")),
    "hints, then answers": Fault(CONTINUE + HINT * 3 + WELL, "keep"),
    "hints without end": Fault(CONTINUE, "repeat", HINT),
    "hints and closes": Fault(CONTINUE),
    "switches protocols": Fault(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    "speaks HTTP/0.9": Fault(b"<html>All is well.</html>"),
    "speaks no HTTP": Fault(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "speaks HTTP/2": Fault(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "sends an unknown status": Fault(answer(BODY, status=b"999 Odd")),
    "tears its gzip": Fault(answer(ZIPPED[:40], b"content-encoding: gzip"), "keep"),
    "closes in its gzip": Fault(answer(ZIPPED[:40], b"content-encoding: gzip", length=len(ZIPPED))),
}


class Faulty:
    """Remembers every byte of every request, and how many connections there were."""

    def __init__(self, blurts: bool) -> None:
        self.requests: list[bytes] = []
        self.connections = self.open = 0
        self.port = 0
        self._blurts = blurts

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            if self._blurts:
                await reader.read(1)
                writer.write(answer(b"{}", status=b"400 Bad Request"))
            else:
                while await self._answer(await self._request(reader), reader, writer):
                    pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> str:
        """Read one, and give the model that it names."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.requests.append(head + body)
        model = re.search(rb'"model": ?"([^"]*)"', body)
        return model[1].decode() if model else "well"

    async def _answer(self, model: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send what the fault says; whether the connection is kept."""
        fault = FAULTS[model]
        writer.write(fault.sends)
        await writer.drain()
        if fault.then == "reset":
            # Closed with a linger of 0 s, a socket sends RST and not FIN (socket(7)).
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif fault.then == "stall":
            await reader.read()
        elif fault.then == "repeat":
            while True:
                writer.write(fault.more)
                await writer.drain()
        return fault.then == "keep"


@contextmanager
def faulty(tls: ssl.SSLContext | None = None, blurts: bool = False) -> Iterator[Faulty]:
    """Run one in a thread. One that `blurts` answers in plain text whatever it is asked."""
    provider = Faulty(blurts)
    with in_thread(lambda: asyncio.start_server(provider.handle, "127.0.0.1", 0, ssl=tls)) as provider.port:
        yield provider


@contextmanager
def full_queue() -> Iterator[int]:
    """The port of a server that never accepts and whose queue is full: who connects waits."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(server.getsockname())
        yield server.getsockname()[1]
