"""A client's connection: HTTP/1.1 on httptools, under uvicorn's server."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import httptools
from uvicorn import Config
from uvicorn.server import ServerState

from transom.gateway.downstream.request import HIGH_WATER, ClientLeft, Request
from transom.gateway.errors import Refused, error_body
from transom.gateway.tunnel import is_websocket
from transom.gateway.upstream import RawHeaders

KEEP_ALIVE_S = 75.0
"""Idle connections are closed after this: longer than the 60 s of common balancers, which then close first."""
LINGER_S = 2.0
"""How long what a refused client still sends is read and forgotten, so that it can read its answer."""
CALM_S = 0.5
"""A connection that was used this recently may have a request under way to us; a drain waits for it."""
MOST_QUEUED = 16
"""Requests of one connection that may wait behind another (pipelining)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the connections of a gateway share: who answers requests, and whom to tell of one that can't be read."""

    answer: Callable[[Request], Coroutine[Any, Any, None]]
    refused: Callable[[Refused], None]
    header_bytes: int


class Connection(asyncio.Protocol):
    """Parses requests and has them answered one after the other."""

    def __init__(self, desk: Desk, state: ServerState) -> None:
        self._desk, self._state = desk, state
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self.writable: asyncio.Future[None] | None = None
        self._current: Request | None = None
        self._waiting: deque[Request] = deque()
        self._incoming: Request | None = None
        self._deaf = False
        self._early: bytearray | None = None
        self._draining = False
        self._idle_since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._url = b""
        self._headers: RawHeaders = []
        self._in_head = True
        self._head_bytes = 0
        """Bytes since anything else than a head, a trailer or the framing of chunks has come."""

    # ------------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(cast(Any, self))
        self._check_later(KEEP_ALIVE_S)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._early is not None:
            self._keep(data)
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400, "invalid_http", "the request is not valid HTTP/1.1.")
        if self._head_bytes > self._desk.header_bytes + len(data):
            self._refuse_head()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._deaf = True
        self._state.connections.discard(cast(Any, self))
        if self._timer:
            self._timer.cancel()
        self.resume_writing()
        for request in (self._current, *self._waiting, self._incoming):
            if request and not request.left:
                request.leave()

    def pause_writing(self) -> None:
        self.writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self.writable and not self.writable.done():
            self.writable.set_result(None)
        self.writable = None

    # ------------------------------------------------------------------ httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer is dropped (RFC 9110 §6.5.1): what a client says after its body must not become a header.
        if self._in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._deaf or self._is_too_large():
            return
        self._head_bytes = 0
        request = self._incoming = self._read_head()
        if self._current is None:
            self._answer(request)
        elif len(self._waiting) < MOST_QUEUED:
            self._waiting.append(request)
        else:
            self._refuse(400, "too_many_pipelined", "wait for answers before sending more requests on a connection.")

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        if self._incoming:
            self._incoming.feed(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        if self._incoming:
            self._incoming.end()
            self._incoming = None

    def _is_too_large(self) -> bool:
        """Refuse a head over the limit; it is only counted where so much has come that it may be."""
        limit = self._desk.header_bytes
        if self._head_bytes <= limit or len(self._url) + sum(len(n) + len(v) for n, v in self._headers) <= limit:
            return False
        self._refuse_head()
        return True

    def _read_head(self) -> Request:
        raw_path, query = _target(self._url)
        path = raw_path.decode("latin-1")
        if "%" in path:
            path = unquote_to_bytes(raw_path).decode("utf-8", "replace")
        modern = self._parser.get_http_version() != "1.0"
        method = self._parser.get_method().decode("ascii")
        keep_alive = modern and self._parser.should_keep_alive() and not self._draining
        request = Request(self, method, path, raw_path, query, self._headers, keep_alive, modern)
        if request.by_name.get(b"expect", b"").lower() == b"100-continue":
            request.expect_continue()
        return request

    # ------------------------------------------------------------------ what a request calls

    def write(self, data: bytes) -> None:
        if self._transport:
            self._transport.write(data)

    def pause_reading(self) -> None:
        if self._transport:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport:
            self._transport.resume_reading()

    def done(self, keep: bool) -> None:
        """The answer to the current request is written."""
        finished, self._current = self._current, None
        self._idle_since = self._loop.time()
        if self._deaf or (finished and not finished.complete):
            self._linger()
        elif not keep and self._transport:
            self._transport.close()
        elif self._waiting:
            self._answer(self._waiting.popleft())

    def cut(self) -> None:
        if self._transport:
            self._transport.close()

    # ------------------------------------------------------------------

    def _answer(self, request: Request) -> None:
        self._current = request
        task = self._loop.create_task(self._desk.answer(request))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)
        request.on_leave(task.cancel)

    def _upgrade(self, rest: bytes) -> None:
        """What follows a request that may become a WebSocket is kept for it; other offers are passed over.

        (RFC 9110 §7.8: an offer may be ignored; the request is then answered as if it had not been made.)
        """
        request = self._current
        if request and not self._waiting and is_websocket(request.method, request.by_name):
            self._early = bytearray()
            request.upgrades = True
            self._keep(rest)
        elif rest:
            self.data_received(rest)

    def _keep(self, data: bytes) -> None:
        assert self._early is not None
        self._early += data
        if len(self._early) > HIGH_WATER:
            self.pause_reading()

    def hand_over(self) -> tuple[asyncio.Transport, bytes]:
        """The transport, for somebody else to serve, and what the client has sent on it already.

        Raises ClientLeft.
        """
        if self._transport is None:
            raise ClientLeft
        transport, self._transport = self._transport, None
        self._state.connections.discard(cast(Any, self))
        if self._timer:
            self._timer.cancel()
        return transport, bytes(self._early or b"")

    def _refuse_head(self) -> None:
        limit = self._desk.header_bytes // 1024
        self._refuse(431, "headers_too_large", f"the request's headers are over the limit of {limit} KB.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer what can't be read as a request, and listen no more."""
        if self._deaf:
            return
        self._deaf = True
        refused = Refused(status, code, message)
        broken, self._incoming = self._incoming, None
        if broken is None or not broken.begun:
            self._desk.refused(refused)
        if broken and broken in self._waiting:
            self._waiting.remove(broken)
        if self._current is None or (broken is self._current and not self._current.started):
            self.write(_whole_answer(refused))
            self._linger()
        elif broken is self._current:
            self.cut()
        if broken:
            broken.leave()

    def _linger(self) -> None:
        """Close, but not before the client had time to read its answer: unread bytes would reset the connection."""
        self._deaf = True
        if self._transport:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._transport.resume_reading()
            self._check_later(LINGER_S)

    def _check_later(self, delay: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, self._check)

    def _check(self) -> None:
        """Close the connection if it has been idle for long enough, else look again when it may have been."""
        if self._transport is None:
            return
        allowed = CALM_S if self._draining else KEEP_ALIVE_S
        idle = self._loop.time() - self._idle_since if self._current is None else 0.0
        if self._deaf or idle >= allowed:
            self._transport.close()
        else:
            self._check_later(allowed - idle)

    def shutdown(self) -> None:
        """Close when the current answer is written, or when it is sure that no request is under way."""
        self._draining = True
        if self._current:
            self._current.close_after()
        self._check()


def protocol(desk: Desk) -> Callable[..., Connection]:
    """Makes the connections of a gateway, as uvicorn's server asks for them."""

    def connect(config: Config, server_state: ServerState, app_state: Any, _loop: Any = None) -> Connection:
        return Connection(desk, server_state)

    return connect


def _whole_answer(refused: Refused) -> bytes:
    body = error_body(refused, anthropic=False)
    head = f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request target in origin form or absolute form (RFC 9112 §3.2)."""
    if not url.startswith(b"/"):
        parsed = httptools.parse_url(url)
        return parsed.path or b"/", parsed.query or b""
    path, _, query = url.partition(b"?")
    return path, query
