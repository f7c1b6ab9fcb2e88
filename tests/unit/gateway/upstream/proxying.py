"""A proxy on loopback that leads every name to one server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.unit.gateway.scripted import serving


@dataclass
class ProxyServer:
    """What it was asked (`heads`), and whether it refuses tunnels with a status of its own."""

    url: str = ""
    refuses: bytes = b""
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def proxying(target_url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[ProxyServer]:
    """Run it in front of a server. A tunnel is spliced; a request in absolute form is answered with `by proxy`."""
    proxy = ProxyServer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                proxy.heads.append(head)
                if not head.startswith(b"CONNECT"):
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nby proxy")
                elif proxy.refuses:
                    writer.write(b"HTTP/1.1 %b\r\n\r\n" % proxy.refuses)
                    return
                else:
                    await splice(reader, writer, urlsplit(target_url).port or 0)
                    return

    async with serving(handle, tls) as url:
        proxy.url = url
        yield proxy


async def splice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(pump(reader, onward_writer), pump(onward_reader, writer))
    finally:
        onward_writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
