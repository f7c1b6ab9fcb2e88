"""Opens connections to providers: names resolved, addresses raced, proxies passed, TLS verified."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar, cast

from transom.gateway.upstream.origin import Origin
from transom.gateway.upstream.proxies import Proxies, Proxy
from transom.gateway.upstream.types import UpstreamError

STAGGER_S = 0.25
"""How long an address has before the next one is tried beside it (RFC 8305 §5)."""
MAX_PROXY_HEAD = 64 * 2**10

Address = tuple[socket.AddressFamily, Any]
P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Dialer:
    """How this process reaches providers. `connect_s` covers names, addresses, proxy and TLS together."""

    tls: ssl.SSLContext
    proxies: Proxies
    connect_s: float

    async def connect(self, origin: Origin, factory: Callable[[], P], tunnel: bool = False) -> P:
        """A protocol of the factory's, connected to an origin, or to the proxy in whose care plain HTTP is given.

        With `tunnel`, plain HTTP too goes through a CONNECT: for what isn't HTTP any more after its first answer.
        Raises UpstreamError.
        """
        try:
            async with asyncio.timeout(self.connect_s):
                return await self._connect(origin, factory, tunnel)
        except TimeoutError:
            raise UpstreamError("upstream_connect_timeout") from None
        except ssl.SSLError:
            raise UpstreamError("upstream_tls_error") from None
        except OSError:
            raise UpstreamError("upstream_unreachable") from None

    async def _connect(self, origin: Origin, factory: Callable[[], P], tunnel: bool) -> P:
        loop = asyncio.get_running_loop()
        proxy = self.proxies.of(origin)
        if origin.scheme == "unix":
            _, protocol = await loop.create_unix_connection(factory, origin.host)
            return protocol
        if proxy is None:
            return await self._open(origin, factory)
        if origin.scheme == "http" and not tunnel:
            return await self._open(proxy, factory)
        return await self._through(proxy, origin, factory)

    async def _open(self, peer: Origin | Proxy, factory: Callable[[], P]) -> P:
        """Connect to a peer; with TLS if its scheme says so. An address is verified as one, without SNI."""
        sock = await connect_socket(peer.host, peer.port)
        tls, name = (self.tls, peer.host) if peer.scheme == "https" else (None, None)
        loop = asyncio.get_running_loop()
        try:
            _, protocol = await loop.create_connection(factory, sock=sock, ssl=tls, server_hostname=name)
        except BaseException:
            # The transport closes it too, maybe before; a transport that never was doesn't.
            with contextlib.suppress(OSError):
                sock.close()
            raise
        return protocol

    async def _through(self, proxy: Proxy, origin: Origin, factory: Callable[[], P]) -> P:
        """Connect through a proxy's tunnel. The proxy sees only the origin's name and port."""
        handshake = await self._open(proxy, _Handshake)
        protocol, transport = factory(), handshake.transport
        try:
            await handshake.run(proxy.connect_request(origin))
            if origin.scheme == "https":
                loop = asyncio.get_running_loop()
                upgraded = await loop.start_tls(transport, protocol, self.tls, server_hostname=origin.host)
                transport = cast(asyncio.Transport, upgraded)
            else:
                transport.set_protocol(protocol)
        except BaseException:
            transport.abort()
            raise
        protocol.connection_made(transport)
        return protocol


class _Handshake(asyncio.Protocol):
    """Asks a proxy for a tunnel."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._head = b""
        self._answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, request: bytes) -> None:
        """Until the tunnel is there. Raises UpstreamError if the proxy refuses."""
        self.transport.write(request)
        await self._answered
        status_line = self._head.split(b"\r\n", 1)[0].split(b" ")
        # Bytes after the head would be lost with this protocol, and no server speaks before its client here.
        agreed = len(status_line) > 1 and status_line[1].startswith(b"2") and self._head.endswith(b"\r\n\r\n")
        if not agreed or self.transport.is_closing():
            raise UpstreamError("upstream_proxy_error")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > MAX_PROXY_HEAD:
            self._answer()

    def connection_lost(self, error: Exception | None) -> None:
        self._answer()

    def _answer(self) -> None:
        if not self._answered.done():
            self._answered.set_result(None)


async def connect_socket(host: str, port: int) -> socket.socket:
    """A TCP connection to one of a host's addresses: TCP_NODELAY and keep-alive are on. Raises OSError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("not a host name") from None
    return await race(interleave([(family, address) for family, _, _, _, address in found]))


def interleave(addresses: list[Address]) -> list[Address]:
    """The families by turns, the first address's family first (RFC 8305 §4)."""
    first = [one for one in addresses if one[0] == addresses[0][0]]
    others = [one for one in addresses if one[0] != addresses[0][0]]
    return [one for one in chain.from_iterable(zip_longest(first, others)) if one]


async def race(addresses: list[Address]) -> socket.socket:
    """The first of the addresses to connect, each tried once the one before failed or had 250 ms (RFC 8305 §5).

    Raises the OSError of the last to fail.
    """
    if len(addresses) == 1:
        return await _connect(addresses[0])
    waiting, running, failure = addresses[::-1], set[asyncio.Task[socket.socket]](), OSError("no address")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.pop())))
            stagger = STAGGER_S if waiting else None
            done, running = await asyncio.wait(running, timeout=stagger, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.exception() is None:
                    running |= done - {task}
                    return task.result()
                failure = cast(OSError, task.exception())
        raise failure
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_loser)


async def _connect(address: Address) -> socket.socket:
    family, place = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(sock, place)
    except BaseException:
        sock.close()
        raise
    return sock


def _close_loser(task: asyncio.Task[socket.socket]) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        task.result().close()
