"""The HTTP/1.1 client of the relay: keep-alive pools per origin on asyncio and httptools.

Bodies come out as they arrive, one piece a read from the socket, still compressed. Redirects are never followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

import httptools

RawHeaders = list[tuple[bytes, bytes]]

HIGH_WATER = 256 * 2**10
"""Unread bytes of a response at which reading from the provider pauses."""
MAX_HEADER_BYTES = 256 * 2**10
LARGEST_STATUS = 599
"""RFC 9110 §15: what is above is no status code."""
IDLE_S = 30.0
"""Idle connections are closed after this: shorter than what providers' balancers allow, so that few go stale."""
TICK_S = 0.25
"""How often time limits are looked at; their resolution."""


class UpstreamError(Exception):
    """The provider could not be reached or broke HTTP. `code` is a fixed word: safe to log and to store."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a provider, and the path before its API's."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> bytes:
        """The Host header."""
        default = 443 if self.scheme == "https" else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == default else f"{host}:{self.port}").encode()


@lru_cache(maxsize=1024)
def parse_origin(base_url: str) -> Origin:
    """An origin from a provider's base_url."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Origin(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"))


class Response:
    """A response under way. Read it to its end, or close it."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self.status = connection.status
        self.headers = connection.headers

    async def read(self) -> tuple[bytes, bool]:
        """The bytes that have come since the last call (waits for some), and whether they are the last.

        Raises UpstreamError.
        """
        return await self._connection.read()

    def close(self) -> None:
        """Leave: the provider sees the connection close unless the response was complete."""
        self._connection.release()


class _Connection(asyncio.Protocol):
    """One connection and the message on it."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.idle_since = 0.0
        self.served = 0
        self._reset(False)
        self._complete = True

    def _reset(self, head_only: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._head_only = head_only
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._paused = False
        self._header_bytes = self._parsed_header_bytes = 0
        self._framed = False
        self._keep_alive = False
        self._complete = False
        self._headers_done = False
        self._sent = False
        self._error: UpstreamError | None = None
        self.got_bytes = False
        self.deadline = float("inf")
        self.status = 0
        self.headers: RawHeaders = []

    # ------------------------------------------------------------------ what the pool and the response call

    @property
    def usable(self) -> bool:
        """Whether another request may be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, head: bytes, body: bytes | AsyncIterator[bytes], head_only: bool) -> None:
        """Send a request; waits where the provider reads slowly, stops where it answers before the end."""
        self._reset(head_only)
        self.served += 1
        if isinstance(body, bytes):
            self._write(head + body if len(body) < HIGH_WATER else head)
            if len(body) >= HIGH_WATER:
                self._write(body)
            await self._drain()
        else:
            self._write(head)
            async for piece in body:
                if self._headers_done:
                    return
                self._write(piece)
                await self._drain()
        self._sent = not self._headers_done

    async def wait_headers(self, first_byte_s: float) -> None:
        """Until the response's headers are there. Raises UpstreamError."""
        self.deadline = self._loop.time() + first_byte_s
        while not self._headers_done:
            self._raise_error()
            await self._wait()

    async def read(self) -> tuple[bytes, bool]:
        while not self._pieces and not self._complete:
            self._raise_error()
            await self._wait()
        data = b"".join(self._pieces) if len(self._pieces) != 1 else self._pieces[0]
        self._pieces.clear()
        self._unread = 0
        if self._paused and self._transport:
            self._paused = False
            self._transport.resume_reading()
        return data, self._complete

    def release(self) -> None:
        """Give the connection back if its message is over, else cut it."""
        self.deadline = float("inf")
        clean = self._complete and self._sent and self._error is None
        reusable = clean and self._keep_alive and self.usable
        if not reusable:
            self.abort()
        self._pool.put_back(self, reusable)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def check_deadline(self, now: float) -> None:
        if now > self.deadline:
            self._fail("upstream_timeout")
            self.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            self._raise_error()
            raise UpstreamError("upstream_closed")
        self._transport.write(data)

    async def _drain(self) -> None:
        if self._writable:
            await self._writable
            if self._transport is None:
                self._raise_error()

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, code: str) -> None:
        if not self._complete and self._error is None:
            self._error = UpstreamError(code)
        self._wake()

    # ------------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        if self._complete:
            # Bytes that nobody asked for: this connection can't be trusted any more.
            self.abort()
            return
        self.got_bytes = True
        self.deadline = self._loop.time() + self._pool.between_bytes_s
        if not self._headers_done:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._broken()
        if not self._headers_done and self._header_bytes > MAX_HEADER_BYTES:
            self._broken()
        if self._unread > HIGH_WATER and not self._paused and not self._complete and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def _broken(self) -> None:
        if not self._complete:
            self._fail("upstream_protocol_error")
        self._keep_alive = False
        self.abort()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if not self._complete and self._headers_done and not self._framed and error is None:
            self._complete = True
        self._fail("upstream_closed" if not self.got_bytes else "upstream_incomplete")
        self.resume_writing()
        self._pool.lost(self)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # ------------------------------------------------------------------ httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"content-length" or (lower == b"transfer-encoding" and b"chunked" in value.lower()):
            self._framed = True
        self.headers.append((name, value))
        self._parsed_header_bytes += len(name) + len(value)
        if self._parsed_header_bytes > MAX_HEADER_BYTES:
            raise UpstreamError("upstream_protocol_error")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        if status > LARGEST_STATUS:
            raise UpstreamError("upstream_protocol_error")
        self.status = status
        self._keep_alive = self._parser.should_keep_alive()
        self._headers_done = True
        self.resume_writing()
        if status in (204, 304):
            self._framed = True
        if self._head_only:
            self._complete = True

    def on_body(self, data: bytes) -> None:
        if not self._head_only:
            self._pieces.append(data)
            self._unread += len(data)

    def on_message_complete(self) -> None:
        if self._headers_done:
            self._complete = True
            return
        # An interim response (1xx) is over; the real one follows on the same parser.
        self.headers = []
        self._framed = False


class _Pool:
    """The connections to one origin."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext | None, limits: ClientLimits) -> None:
        self._origin, self._tls, self._limits = origin, tls, limits
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._opening = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self.between_bytes_s = limits.between_bytes_s

    async def take(self, fresh: bool) -> _Connection:
        """An idle connection (unless a fresh one is asked for), else a new one. Raises UpstreamError."""
        while True:
            while self._idle and not fresh:
                connection = self._idle.pop()
                if connection.usable:
                    return connection
            if len(self._all) + self._opening < self._limits.connections:
                return await self._open()
            await self._turn()

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _open(self) -> _Connection:
        self._opening += 1
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.connect_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self),
                    self._origin.host,
                    self._origin.port,
                    ssl=self._tls,
                    server_hostname=self._origin.host if self._tls else None,
                )
        except TimeoutError:
            raise UpstreamError("upstream_connect_timeout") from None
        except ssl.SSLError:
            raise UpstreamError("upstream_tls_error") from None
        except OSError:
            raise UpstreamError("upstream_unreachable") from None
        finally:
            self._opening -= 1
        self._all.add(connection)
        return connection

    def put_back(self, connection: _Connection, reusable: bool) -> None:
        if reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            self._all.discard(connection)
        self._next()

    def lost(self, connection: _Connection) -> None:
        self._all.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        self._next()

    def tick(self, now: float) -> None:
        """Enforce time limits and let old idle connections go."""
        for connection in list(self._all):
            connection.check_deadline(now)
        for connection in [c for c in self._idle if now - c.idle_since > IDLE_S]:
            connection.abort()

    def close(self) -> None:
        for connection in list(self._all):
            connection.abort()


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Times in seconds; `connections` is the most that one origin gets."""

    connect_s: float
    first_byte_s: float
    between_bytes_s: float
    connections: int


class Client:
    """The pools of all origins."""

    def __init__(self, limits: ClientLimits, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits
        self._tls = tls or ssl.create_default_context()
        self._pools: dict[tuple[str, str, int], _Pool] = {}
        self._ticker: asyncio.Task[None] | None = None

    async def request(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: RawHeaders,
        body: bytes | AsyncIterator[bytes],
    ) -> Response:
        """Send a request and wait for the response's headers. `headers` lack Host. Raises UpstreamError.

        A kept-alive connection that the provider closed before any byte came back is replaced once, if the body can
        be sent again: the provider closed it while it was idle (RFC 9112 §9.3.1).
        """
        pool = self._pool(origin)
        head = _head(origin, method, target, headers)
        for fresh in (False, True):
            connection = await pool.take(fresh)
            try:
                await connection.send(head, body, method == b"HEAD")
                await connection.wait_headers(self._limits.first_byte_s)
                return Response(connection)
            except UpstreamError as error:
                stale = connection.served > 1 and not connection.got_bytes and error.code == "upstream_closed"
                connection.release()
                if fresh or not stale or not isinstance(body, bytes):
                    raise
            except BaseException:
                connection.abort()
                connection.release()
                raise
        raise AssertionError("unreachable")

    def _pool(self, origin: Origin) -> _Pool:
        key = (origin.scheme, origin.host, origin.port)
        pool = self._pools.get(key)
        if pool is None:
            pool = _Pool(origin, self._tls if origin.scheme == "https" else None, self._limits)
            self._pools[key] = pool
            self._ticker = self._ticker or asyncio.create_task(self._tick())
        return pool

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            for pool in self._pools.values():
                pool.tick(loop.time())

    async def close(self) -> None:
        """Close all connections."""
        if self._ticker:
            self._ticker.cancel()
        for pool in self._pools.values():
            pool.close()


def _head(origin: Origin, method: bytes, target: bytes, headers: RawHeaders) -> bytes:
    lines = [method, b" ", target, b" HTTP/1.1\r\nhost: ", origin.authority, b"\r\n"]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)
