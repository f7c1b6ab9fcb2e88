"""One connection to a provider, and the exchange on it. `data_received` is the hot path."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httptools

from transom.gateway.upstream.types import RawHeaders, UpstreamError

HIGH_WATER = 256 * 2**10
"""Unread bytes of a response at which reading from the provider pauses."""
MAX_HEADER_BYTES = 256 * 2**10
"""Bytes that a provider may send without any of them being body: heads, interim heads, chunk extensions, trailers."""
LARGEST_STATUS = 599
"""RFC 9110 §15: what is above is no status code."""
TICK_S = 0.25
"""How often time limits are looked at; how late they may be."""


Sink = Callable[[bytes], bool]
"""Takes what has come of a body in mid-message, or refuses it: then it waits to be read, as it does where it ends."""


class Clock:
    """The loop's time, read once a tick: limits of seconds need no better, and the hot path no call."""

    __slots__ = ("loop", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.tick()

    def tick(self) -> None:
        self.now = self.loop.time()

    def after(self, seconds: float) -> float:
        """A moment that isn't earlier than that many seconds from now, though `now` may be a tick old."""
        return self.now + seconds + TICK_S


class Connection(asyncio.Protocol):
    """A connection with at most one exchange under way.

    `start` sends a request; then `progress` is awaited until `status` is there, and until there are `pieces` of the
    body or it is `complete`. One parser serves all responses of a connection.
    """

    __slots__ = (
        "_between_s",
        "_clock",
        "_drained",
        "_first_byte_s",
        "_framed",
        "_got_bytes",
        "_head_only",
        "_keep_alive",
        "_loop",
        "_on_lost",
        "_parser",
        "_paused",
        "_sent",
        "_served",
        "_since_body",
        "_transport",
        "_unread",
        "_waiter",
        "complete",
        "deadline",
        "error",
        "headers",
        "idle_since",
        "on_body",
        "pieces",
        "sink",
        "status",
        "usable",
    )

    def __init__(self, clock: Clock, between_bytes_s: float, on_lost: Callable[[Connection], None]) -> None:
        self._loop = clock.loop
        self._clock, self._on_lost = clock, on_lost
        self._between_s = between_bytes_s + TICK_S
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self.pieces: list[bytes] = []
        self.sink: Sink | None = None
        # The parser's callback for a piece of body, without a frame of Python's around it.
        self.on_body = self.pieces.append
        self.complete, self.usable, self._got_bytes = True, False, False
        self.error: str | None = None
        self.deadline = math.inf
        self.idle_since = 0.0
        self._served = 0
        self._head_only = True

    # ------------------------------------------------------------------ what the client and the pool call

    def start(self, head: bytes, head_only: bool, first_byte_s: float) -> None:
        """Begin an exchange by sending `head`, which may have a body at its end.

        `head_only`: the answer has no body whatever it says (HEAD). Raises UpstreamError.
        """
        if self._head_only:
            # A parser is told of no body that stays away, and waits for it: the one that read a HEAD's answer is done.
            self._parser = httptools.HttpResponseParser(self)
        self._head_only = head_only
        self.headers: RawHeaders = []
        self.pieces.clear()
        self.status = self._unread = self._since_body = 0
        self.complete = self._got_bytes = self._framed = self._keep_alive = self._paused = False
        self.error = None
        self._sent = True
        self._served += 1
        self._first_byte_s = first_byte_s
        self.deadline = self._clock.after(first_byte_s)
        if not self.usable or self._transport is None:
            self._fail("upstream_closed")
            raise UpstreamError("upstream_closed")
        self._transport.write(head)

    async def upload(self, pieces: AsyncIterator[bytes | memoryview]) -> None:
        """Send the body of an exchange that was started, and wait for the answer's head.

        An answer that comes before the body's end stops it. Raises UpstreamError, and what `pieces` raises.
        """
        self._sent = False
        sender = asyncio.create_task(self._send(pieces))
        sender.add_done_callback(self._wake)
        try:
            while not self.status:
                if sender.done():
                    sender.result()
                await self.progress()
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self, pieces: AsyncIterator[bytes | memoryview]) -> None:
        # The time that the body's source takes is not the provider's.
        self.deadline = math.inf
        async for piece in pieces:
            if self.status or not self.usable or self._transport is None:
                return
            self._transport.write(piece)
            if self._drained:
                self.deadline = self._clock.after(self._first_byte_s)
                await self._drained
            if not self.status:
                self.deadline = math.inf
        if not self.status:
            self.deadline = self._clock.after(self._first_byte_s)
        self._sent = True

    def progress(self) -> asyncio.Future[None]:
        """Done when something has come or gone wrong. Raises UpstreamError for what has gone wrong already."""
        if self.error is not None:
            raise UpstreamError(self.error)
        waiter = self._waiter = self._loop.create_future()
        return waiter

    def take(self) -> bytes:
        """The unread pieces of the body, as one."""
        data = _joined(self.pieces)
        self.pieces.clear()
        self._unread = 0
        if self._paused:
            self._resume()
        return data

    def abort(self) -> None:
        """Cut the connection: the provider sees it close now, whatever was on its way."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def check_deadline(self, now: float) -> None:
        if now > self.deadline:
            self._fail("upstream_timeout")
            self.abort()

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over in a way that leaves the connection for another."""
        return self.complete and self._keep_alive and self.usable and self._sent and self._drained is None

    @property
    def went_stale(self) -> bool:
        """Whether the provider closed it while it was idle, so that it can't have answered (RFC 9112 §9.3.1)."""
        return self._served > 1 and self.error == "upstream_closed"

    # ------------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self.complete:
            # Bytes that nobody asked for: this connection can't be trusted any more.
            self.abort()
            return
        self._got_bytes = True
        self.deadline = self._clock.now + self._between_s
        pieces = self.pieces
        had = len(pieces)
        self._since_body += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._break_off()
        if len(pieces) > had:
            self._since_body = 0
            if self.sink is not None and not self.complete and self.sink(_joined(pieces)):
                pieces.clear()
                return
            self._unread += len(data)
            if self._unread > HIGH_WATER or self._head_only:
                self._hold_back()
        elif self._since_body > MAX_HEADER_BYTES and not self.complete:
            self._break_off()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def eof_received(self) -> None:
        self.usable = False
        if self.status and not self._framed and not self.error:
            self.complete = True
        self._lose()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.usable = False
        self._lose()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # ------------------------------------------------------------------ httptools

    def on_message_begin(self) -> None:
        if self.complete:
            raise UpstreamError("upstream_protocol_error")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            # A trailer: the relay tells nobody that it takes them, so they may be dropped (RFC 9110 §6.5.1).
            return
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._pass_interim(status)
            return
        if status > LARGEST_STATUS or (self._since_body > MAX_HEADER_BYTES and self._head_is_large()):
            raise UpstreamError("upstream_protocol_error")
        self._keep_alive = self._parser.should_keep_alive()
        self._check_framing()
        self._since_body = 0
        self.status = status
        if self._head_only:
            self.on_message_complete()

    def on_message_complete(self) -> None:
        # An interim response has no status here; the real one follows on the same parser.
        if self.status:
            self.complete = True
            self.deadline = math.inf

    # ------------------------------------------------------------------ off the hot path

    def _check_framing(self) -> None:
        """Refuse a coding that the relay could not take off; llhttp refuses other framing that can be read two ways.

        A connection that can be kept is one whose body says where it ends.
        """
        codings = [value for name, value in self.headers if len(name) == 17 and name.lower() == b"transfer-encoding"]
        if codings and (len(codings) > 1 or codings[0].strip().lower() != b"chunked"):
            raise UpstreamError("upstream_protocol_error")
        self._framed = self._keep_alive or bool(codings) or self._has_length()

    def _has_length(self) -> bool:
        return any(name.lower() == b"content-length" for name, _ in self.headers)

    def _pass_interim(self, status: int) -> None:
        """Drop a 1xx. After a 101, which nobody asked for, the parser refuses to go on by itself."""
        if status < 100:
            raise UpstreamError("upstream_protocol_error")
        self.headers = []

    def _head_is_large(self) -> bool:
        return sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADER_BYTES

    def _break_off(self) -> None:
        self._fail("upstream_protocol_error")
        self.abort()

    def _hold_back(self) -> None:
        """Stop reading until what has come is taken; what came after the answer to a HEAD is nobody's."""
        if self._head_only:
            self.pieces.clear()
            self.abort()
        elif not self.complete and self.usable and self._transport:
            self.deadline = math.inf
            if not self._paused:
                self._paused = True
                self._transport.pause_reading()

    def _resume(self) -> None:
        self._paused = False
        if self.usable and self._transport:
            self.deadline = self._clock.after(self._between_s)
            self._transport.resume_reading()

    def _lose(self) -> None:
        self._fail("upstream_incomplete" if self._got_bytes else "upstream_closed")

    def _fail(self, code: str) -> None:
        if not self.complete and self.error is None:
            self.error = code
        self._wake()

    def _wake(self, _: Any = None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _joined(pieces: list[bytes]) -> bytes:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
