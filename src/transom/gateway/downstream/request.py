"""One request of a client, and the way back to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from transom.gateway.upstream import RawHeaders

HIGH_WATER = 64 * 2**10
"""Unread bytes of a request at which reading from the client pauses."""

_WITHOUT_BODY = frozenset((204, 304))


class ClientLeft(Exception):
    """The client closed its connection."""


class Wire(Protocol):
    """The connection, as a request uses it."""

    writable: asyncio.Future[None] | None
    """Done when the client has read enough of what it was sent; None where it has."""

    def write(self, data: bytes) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def done(self, keep: bool) -> None: ...
    def cut(self) -> None: ...
    def hand_over(self) -> tuple[asyncio.Transport, bytes]: ...


class Request:
    """A request under way. `path` is decoded, `raw_path` as it came; header names are in lower case."""

    __slots__ = (
        "_chunked",
        "_closes",
        "_complete",
        "_expects_continue",
        "_head",
        "_on_leave",
        "_pieces",
        "_unread",
        "_waiter",
        "_wire",
        "_without_body",
        "answered",
        "begun",
        "by_name",
        "headers",
        "left",
        "method",
        "modern",
        "path",
        "query",
        "raw_path",
        "started",
        "upgrades",
    )

    def __init__(
        self,
        wire: Wire,
        method: str,
        path: str,
        raw_path: bytes,
        query: bytes,
        headers: RawHeaders,
        keep_alive: bool = True,
        modern: bool = True,
    ) -> None:
        self.method, self.path, self.raw_path, self.query, self.headers = method, path, raw_path, query, headers
        self.by_name = dict(headers)
        self.modern = modern
        """Whether the client speaks HTTP/1.1, hence understands chunks."""
        self.begun = False
        self.left = False
        self.started = False
        self.upgrades = False
        self.answered = False
        self._wire = wire
        self._closes = not keep_alive
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._complete = False
        self._waiter: asyncio.Future[None] | None = None
        self._on_leave: Callable[[], object] | None = None
        self._expects_continue = False
        self._head = b""
        self._chunked = self._without_body = False

    # ------------------------------------------------------------------ what the relay calls

    async def read(self) -> tuple[bytes, bool]:
        """The bytes of the body that have come since the last call (waits for some), and whether they are the last.

        Raises ClientLeft.
        """
        self.begun = True
        while not self._pieces and not self._complete:
            if self.left:
                raise ClientLeft
            self._encourage()
            await self._wait()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if self._unread > HIGH_WATER:
            self._wire.resume_reading()
        self._unread = 0
        return data, self._complete

    async def gone(self) -> None:
        """Until the client has left, or has its whole answer."""
        while not (self.left or self.answered):
            await self._wait()

    def on_leave(self, callback: Callable[[], object] | None) -> None:
        """Call this when the client leaves before it is answered."""
        self._on_leave = callback
        if callback and self.left:
            callback()

    def start(self, status: int, headers: RawHeaders) -> None:
        """The head of the answer. It goes out with the first piece of the body, so that both are one write."""
        lines = b"\r\n".join([_status_line(status), *map(b": ".join, headers)])
        framed = b"\r\ncontent-length:" in lines.lower()
        self.started = True
        self._without_body = self.method == "HEAD" or status in _WITHOUT_BODY
        self._chunked = not framed and not self._without_body and self.modern
        # What is left of a request that was refused half-way can't be told from the next one.
        self._closes = self._closes or not self._complete or not (framed or self._without_body or self.modern)
        framing = b"\r\ntransfer-encoding: chunked" if self._chunked else b""
        closing = b"\r\nconnection: close" if self._closes else b""
        self._head = b"%b%b%b\r\n\r\n" % (lines, framing, closing)

    async def write(self, piece: bytes, last: bool) -> None:
        """A piece of the body; waits where the client reads slowly."""
        if self.left:
            return
        if data := self._framed(piece, last):
            self._wire.write(data)
        if last:
            self.answered = True
            self._on_leave = None
            self._wake()
            self._wire.done(keep=not self._closes)
        elif self._wire.writable:
            await self._wire.writable

    @property
    def blocked(self) -> bool:
        """Whether the client reads so slowly that `write` would wait."""
        return self._wire.writable is not None

    def send(self, piece: bytes) -> None:
        """A piece that isn't the last, without a wait. An empty one sends the head, if it isn't gone yet."""
        if self.left:
            return
        if self._chunked and piece and not self._head:
            self._wire.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        elif data := self._framed(piece, last=False):
            self._wire.write(data)

    def close_after(self) -> None:
        """Let this answer be the connection's last, unless the client was told otherwise."""
        self._closes = self._closes or not self.started

    def hand_over(self) -> tuple[asyncio.Transport, bytes]:
        """The client's connection, for a request that `upgrades`, and what came on it already. Raises ClientLeft."""
        self.answered = True
        return self._wire.hand_over()

    def cut(self) -> None:
        """The answer can't be finished: close the connection, so that the client can tell."""
        self._wire.cut()

    def _framed(self, piece: bytes, last: bool) -> bytes:
        head, self._head = self._head, b""
        if self._without_body:
            return head
        if not self._chunked:
            return head + piece if head else piece
        end = b"0\r\n\r\n" if last else b""
        return b"%b%x\r\n%b\r\n%b" % (head, len(piece), piece, end) if piece else head + end

    def _encourage(self) -> None:
        """Tell a client that waits for a sign (RFC 9110 §10.1.1) to send its body."""
        if self._expects_continue:
            self._expects_continue = False
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # ------------------------------------------------------------------ what the connection calls

    @property
    def complete(self) -> bool:
        """Whether all of it has come."""
        return self._complete

    def expect_continue(self) -> None:
        """The client waits for a sign before it sends the body."""
        self._expects_continue = True

    def feed(self, piece: bytes) -> None:
        """Some bytes of the body have come."""
        self._expects_continue = False
        self._pieces.append(piece)
        self._unread += len(piece)
        if self._unread > HIGH_WATER:
            self._wire.pause_reading()
        self._wake()

    def end(self) -> None:
        """The body has come to its end."""
        self._complete = True
        self._wake()

    def leave(self) -> None:
        """The client is gone."""
        self.left = True
        self._wake()
        if self._on_leave and not self.answered:
            self._on_leave()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _status_line(status: int) -> bytes:
    line = _STATUS_LINES.get(status)
    return line or b"HTTP/1.1 %d " % status


_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}".encode() for s in HTTPStatus}
