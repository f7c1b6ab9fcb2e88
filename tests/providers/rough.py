"""The recorded providers as a bad day has them: over TLS, compressed, and cut into pieces anywhere.

`x-recorded-row: N` chooses the exchange, `x-seed: N` where it is cut, `x-coding: identity | gzip | deflate` its coding.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.providers.recorded import Row, rows
from tests.servers import in_thread

CODINGS = ("identity", "gzip", "deflate")
DOWN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\ndown"


def coded(row: Row, coding: str) -> bytes:
    """The bytes of a row's body as they travel."""
    body = row.response_body.encode()
    if coding == "gzip":
        return gzip.compress(body, mtime=0)
    return zlib.compress(body) if coding == "deflate" else body


def _answer(row: Row, coding: str, draw: random.Random) -> bytes:
    body = coded(row, coding)
    headers = row.response_headers | ({"content-encoding": coding} if coding != "identity" else {})
    head = f"HTTP/1.1 {row.status} Recorded\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    if draw.random() < 0.5:
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in _cut(body, draw, 12))
    return f"{head}transfer-encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"


def _cut(data: bytes, draw: random.Random, most: int) -> list[bytes]:
    """The data in up to that many pieces, none of them empty."""
    places = sorted(draw.randrange(len(data) + 1) for _ in range(draw.randrange(most)))
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            named = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(named.get("content-length", 0)))
            await _send(head, named, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _send(head: str, named: dict[str, str], writer: asyncio.StreamWriter) -> None:
    draw = random.Random(int(named["x-seed"]))
    if head.split(" ")[1].startswith("/down"):
        writer.write(DOWN)
        return
    for piece in _cut(_answer(rows()[int(named["x-recorded-row"])], named["x-coding"], draw), draw, 20):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    """The providers, all of them at `https://localhost:PORT`; what is under `/down` is down."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with in_thread(lambda: asyncio.start_server(_serve, "127.0.0.1", 0, ssl=tls)) as port:
        yield f"https://localhost:{port}"
