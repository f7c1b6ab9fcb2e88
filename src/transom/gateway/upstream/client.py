"""The client: requests out, responses in, over the pools of all origins."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import cast

from transom.gateway.upstream.connection import HIGH_WATER, TICK_S, Clock, Connection, Sink
from transom.gateway.upstream.dial import Dialer, P
from transom.gateway.upstream.origin import Origin
from transom.gateway.upstream.pool import Pool
from transom.gateway.upstream.proxies import Proxies
from transom.gateway.upstream.types import ClientLimits, RawHeaders, UpstreamError


class Response:
    """A response under way. Read it to its end, or close it; close it in any case."""

    __slots__ = ("_connection", "_pool", "headers", "status")

    def __init__(self, pool: Pool, connection: Connection) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self.status = connection.status
        self.headers = connection.headers

    @property
    def ready(self) -> bool:
        """Whether `read` gives something at once."""
        connection = self._opened()
        return bool(connection.pieces) or connection.complete

    async def read(self, sink: Sink | None = None) -> tuple[bytes, bool]:
        """The bytes that have come since the last call (waits for some), and whether they are the last.

        What comes while it waits goes to `sink` first, on the stack of the read from the socket: a piece in mid-stream
        wakes no task. Raises UpstreamError, and ValueError once the response is closed.
        """
        connection = self._connection or self._opened()
        connection.sink = sink
        try:
            while not connection.pieces and not connection.complete:
                await connection.progress()
        finally:
            connection.sink = None
        return connection.take(), connection.complete

    def close(self) -> None:
        """Leave: the provider sees the connection close at once unless the response was complete."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)

    def _opened(self) -> Connection:
        if self._connection is None:
            raise ValueError("the response is closed")
        return self._connection


class _Way:
    """What an origin's requests have in common."""

    __slots__ = ("before_target", "pool", "rest_of_line")

    def __init__(self, pool: Pool, origin: Origin, proxies: Proxies) -> None:
        self.pool = pool
        proxy = proxies.of(origin) if origin.scheme == "http" else None
        # A proxy is told where to go by the request's target (RFC 9112 §3.2.2).
        self.before_target = b" http://" + origin.authority if proxy else b" "
        self.rest_of_line = b" HTTP/1.1\r\nhost: " + origin.authority + (proxy.header if proxy else b"")

    def head(self, method: bytes, target: bytes, headers: RawHeaders) -> bytes:
        """A request's head."""
        first = method + self.before_target + target + self.rest_of_line
        return b"\r\n".join([first, *map(b": ".join, headers), b"\r\n"])


class Client:
    """The pools of all origins."""

    def __init__(self, limits: ClientLimits, tls: ssl.SSLContext | None = None, proxies: Proxies | None = None) -> None:
        """Trusts the system's authorities and takes proxies from the environment unless told otherwise.

        Raises ConfigError if the environment names a proxy that can't be used.
        """
        self._limits = limits
        self._proxies = Proxies(os.environ) if proxies is None else proxies
        self._dialer = Dialer(tls or ssl.create_default_context(), self._proxies, limits.connect_s)
        self._ways: dict[tuple[str, str, int], _Way] = {}
        self._ticker: asyncio.Task[None] | None = None

    async def request(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: RawHeaders,
        body: bytes | AsyncIterator[bytes],
        first_byte_s: float | None = None,
    ) -> Response:
        """Send a request and wait for the response's headers. `headers` lack Host. Raises UpstreamError.

        `first_byte_s` replaces the client's limit for this call, in the queue for a connection as well as after it.
        A kept-alive connection that the provider closed before any byte came back is replaced once, if the body can
        be sent again: the provider closed it while it was idle (RFC 9112 §9.3.1).
        """
        way = self._ways.get((origin.scheme, origin.host, origin.port)) or self._add_way(origin)
        pool, head = way.pool, way.head(method, target, headers)
        limit = self._limits.first_byte_s if first_byte_s is None else first_byte_s
        upload = not isinstance(body, bytes) or len(body) > HIGH_WATER
        if not upload:
            head += cast(bytes, body)
        connection = pool.take() or await pool.open(limit)
        while True:
            try:
                connection.start(head, method == b"HEAD", limit)
                if upload:
                    await connection.upload(_slices(body) if isinstance(body, bytes) else body)
                while not connection.status:
                    await connection.progress()
                return Response(pool, connection)
            except BaseException as error:
                stale = isinstance(error, UpstreamError) and connection.went_stale
                if not (stale and isinstance(body, bytes)):
                    pool.give_back(connection)
                    raise
            connection = await pool.replace()

    async def connect(self, origin: Origin, factory: Callable[[], P]) -> P:
        """A connection of its own to an origin, outside the pools: for a tunnel. Raises UpstreamError."""
        return await self._dialer.connect(origin, factory, tunnel=True)

    def _add_way(self, origin: Origin) -> _Way:
        if self._ticker is None:
            self._clock = Clock(asyncio.get_running_loop())
            self._ticker = asyncio.create_task(self._tick())
        pool = Pool(partial(self._dialer.connect, origin), self._clock, self._limits)
        way = self._ways[origin.scheme, origin.host, origin.port] = _Way(pool, origin, self._proxies)
        return way

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._clock.tick()
            for way in list(self._ways.values()):
                way.pool.tick()

    async def close(self) -> None:
        """Close all connections."""
        if self._ticker:
            self._ticker.cancel()
        for way in self._ways.values():
            way.pool.close()


async def _slices(body: bytes) -> AsyncIterator[memoryview]:
    """A large body in pieces that wait for each other, so that one that a provider takes slowly makes no time limit."""
    view = memoryview(body)
    for start in range(0, len(body), HIGH_WATER):
        yield view[start : start + HIGH_WATER]
