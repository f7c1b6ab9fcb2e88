"""WebSocket calls (RFC 6455), such as `/v1/realtime`: the handshake is relayed, then bytes pass both ways unread.

Read `knock` first, then `Tunnel`. Until the provider agrees (101) nothing that the client sends goes to it, and a
refusal is an answer like any other. Other upgrades than WebSocket are never offered (RFC 9110 §7.8).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import parse_qsl, quote

import httptools

from transom.gateway.headers import query_to_provider, to_provider
from transom.gateway.routes import Target
from transom.gateway.upstream import Client, Origin, RawHeaders, UpstreamError

SUBPROTOCOL_KEY = b"openai-insecure-api-key."
"""Browsers can't set headers, so they show their key in the name of a subprotocol (OpenAI, Realtime API guide)."""
MAX_HEAD_BYTES = 256 * 2**10
"""Of the provider's answer, with what interim answers (1xx) come before it."""
LARGEST_STATUS = 599
"""RFC 9110 §15: what is above is no status code."""
HIGH_WATER = 64 * 2**10
"""Unread bytes of a refusal at which reading from the provider pauses."""
CLOSE_S = 5.0
"""When one end is gone, how long the other has to read what is left for it."""
HALF_CLOSED_S = 60.0
"""How long silence may last once one end has said that it sends no more."""

Side = Literal["client", "provider", "gateway"]


def is_websocket(method: str, by_name: dict[bytes, bytes]) -> bool:
    """Whether a request asks to become a WebSocket (RFC 6455 §4.1). Header names are in lower case."""
    tokens = {token.strip().lower() for token in by_name.get(b"connection", b"").split(b",")}
    bodiless = b"content-length" not in by_name and b"transfer-encoding" not in by_name
    upgrades = by_name.get(b"upgrade", b"").strip().lower() == b"websocket" and b"upgrade" in tokens
    return method == "GET" and upgrades and bodiless


def subprotocol_key(by_name: dict[bytes, bytes]) -> bytes | None:
    """The key that a browser shows in `sec-websocket-protocol`: a credential as good as one in `authorization`."""
    for name in by_name.get(b"sec-websocket-protocol", b"").split(b","):
        if (name := name.strip()).startswith(SUBPROTOCOL_KEY):
            return name.removeprefix(SUBPROTOCOL_KEY) or None
    return None


def model_in_query(query: bytes) -> str | None:
    """The model that a realtime call is for: it has no body to name it (OpenAI, Realtime API reference)."""
    return next((value for name, value in parse_qsl(query.decode("latin-1")) if name == "model"), None)


def with_model(query: bytes, model: str) -> bytes:
    """The same query for another model."""
    own = b"model=" + quote(model, safe="").encode()
    return b"&".join(own if part.startswith(b"model=") else part for part in query.split(b"&"))


def handshake(target: Target, query: bytes, headers: RawHeaders) -> bytes:
    """The request that asks the provider, with the caller's headers as `to_provider` has them.

    A key in a subprotocol goes where a credential in a header goes: to the provider that the caller addressed, if the
    gateway holds no key for it.
    """
    kept = to_provider(headers, dict(headers), target, None)
    if target.api_key or not target.addressed:
        kept = [(n, _without_key(v) if n == b"sec-websocket-protocol" else v) for n, v in kept]
        kept = [(n, v) for n, v in kept if v or n != b"sec-websocket-protocol"]
    query = query_to_provider(query, target)
    path = target.path + b"?" + query if query else target.path
    own = [(b"host", target.origin.authority), (b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
    return b"GET %b HTTP/1.1\r\n%b" % (path, _lines([*own, *kept]))


def _without_key(names: bytes) -> bytes:
    return b", ".join(n for n in map(bytes.strip, names.split(b",")) if not n.startswith(SUBPROTOCOL_KEY))


def _lines(headers: RawHeaders) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"


def _send(transport: asyncio.Transport, data: bytes) -> None:
    if data and not transport.is_closing():
        transport.write(data)


async def knock(client: Client, origin: Origin, request: bytes, first_byte_s: float) -> Upgrade:
    """Send a handshake and wait for the head of the answer. Raises UpstreamError."""
    upgrade = await client.connect(origin, Upgrade)
    try:
        async with asyncio.timeout(first_byte_s):
            await upgrade.ask(request)
    except TimeoutError:
        upgrade.close()
        raise UpstreamError("upstream_timeout") from None
    except BaseException:
        upgrade.close()
        raise
    return upgrade


class Upgrade(asyncio.Protocol):
    """The provider's answer to a handshake: `agreed` to a tunnel, or refused, with a body to read or to close."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: RawHeaders = []
        self.agreed = False
        self._parser = httptools.HttpResponseParser(self)
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._body = bytearray()
        """Of a refusal; or what has come of the tunnel already."""
        self._head_bytes = 0
        self._framed = self._complete = False
        self._error: UpstreamError | None = None

    # ------------------------------------------------------------------ what the relay calls

    async def ask(self, request: bytes) -> None:
        """Send the handshake and wait for the head of the answer. Raises UpstreamError."""
        _send(self._transport, request)
        while not self.status:
            self._raise_error()
            await self._wait()

    @property
    def ready(self) -> bool:
        """Whether `read` would return at once."""
        return bool(self._body) or self._complete

    async def read(self, sink: object = None) -> tuple[bytes, bool]:
        """What has come of a refusal's body since the last call (waits for some), and whether it is the last.

        Raises UpstreamError.
        """
        while not self.ready:
            self._raise_error()
            await self._wait()
        piece = bytes(self._body)
        self._body.clear()
        if not self._transport.is_closing():
            self._transport.resume_reading()
        return piece, self._complete

    async def tunnel(self, client: asyncio.Transport, early: bytes, own: RawHeaders, idle_s: float) -> TunnelEnd:
        """Tell the client that the provider agreed, then pass bytes both ways until both ends are gone.

        `early` is what the client has sent already, `own` are headers to add, `idle_s` how long both may be silent.
        """
        tunnel = Tunnel(client, self._transport, idle_s)
        _send(client, b"HTTP/1.1 101 Switching Protocols\r\n" + _lines([*self.headers, *own]))
        return await tunnel.run(early, bytes(self._body))

    def close(self) -> None:
        """Leave: the provider sees the connection close."""
        self._transport.abort()

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

    # ------------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.agreed:
            self._body += data
        else:
            self._parse(data)
        if len(self._body) > HIGH_WATER and not self._transport.is_closing():
            self._transport.pause_reading()
        self._wake()

    def _parse(self, data: bytes) -> None:
        self._head_bytes += 0 if self.status else len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.agreed = True
            self.status = 101
            self._body += data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._fail("upstream_protocol_error")
        if not self.status and self._head_bytes > MAX_HEAD_BYTES:
            self._fail("upstream_protocol_error")

    def connection_lost(self, error: Exception | None) -> None:
        if self.status and not self._framed and error is None:
            self._complete = True
        if not self._complete:
            self._fail("upstream_incomplete" if self._head_bytes else "upstream_closed")
        self._wake()

    def _fail(self, code: str) -> None:
        self._error = self._error or UpstreamError(code)
        self._transport.abort()

    # ------------------------------------------------------------------ httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        if status > LARGEST_STATUS:
            self._fail("upstream_protocol_error")
            return
        names = {name.lower() for name, _ in self.headers}
        self._framed = bool(names & {b"content-length", b"transfer-encoding"}) or status in (204, 304)
        self.status = status

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        if self.status:
            self._complete = True
        elif self._parser.get_status_code() != 101:
            # An interim answer (1xx) is over; the real one follows.
            self.headers = []


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """How a tunnel ended: bytes each way, in how many seconds, who left first, and whether without a reset."""

    to_provider: int
    to_client: int
    seconds: float
    first_left: Side
    clean: bool


class Tunnel:
    """Two connections joined. Each is read only as fast as the other is written; one that ends takes the other along.

    Where both are plain TCP, one direction may end before the other (a half-close); TLS can't.
    """

    def __init__(self, client: asyncio.Transport, provider: asyncio.Transport, idle_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._client, self._provider = _End(self, "client", client), _End(self, "provider", provider)
        self._client.other, self._provider.other = self._provider, self._client
        self._both_gone: asyncio.Future[None] = self._loop.create_future()
        self._first_left: Side | None = None
        self._clean = True
        self._idle_s = idle_s
        self.now = self._loop.time
        self.active_at = self._began = self.now()
        self._timer = self._loop.call_later(idle_s, self._check_idle)

    async def run(self, from_client: bytes, from_provider: bytes) -> TunnelEnd:
        """Pass on what came before, then what comes. When cancelled, both connections are cut at once."""
        try:
            self._client.start(from_client)
            self._provider.start(from_provider)
            await self._both_gone
        finally:
            self._timer.cancel()
            self._client.transport.abort()
            self._provider.transport.abort()
        seconds = self.now() - self._began
        left = self._first_left or "gateway"
        return TunnelEnd(self._client.received, self._provider.received, seconds, left, self._clean)

    def half_close(self, end: _End) -> bool:
        """One end sends no more. Returns whether its connection stays open to be written to."""
        self._leaves(end.side, clean=True)
        end.finished = True
        if end.other.finished or end.other.transport.is_closing():
            return False
        if not (end.transport.can_write_eof() and end.other.transport.can_write_eof()):
            return False
        end.other.transport.write_eof()
        self._idle_s = min(self._idle_s, HALF_CLOSED_S)
        self._timer.cancel()
        self._check_idle()
        return True

    def gone(self, end: _End, error: Exception | None) -> None:
        """One end's connection is closed."""
        self._leaves(end.side, clean=error is None)
        end.lost = True
        self._timer.cancel()
        if not end.other.lost:
            end.other.transport.close()
            self._timer = self._loop.call_later(CLOSE_S, end.other.transport.abort)
        elif not self._both_gone.done():
            self._both_gone.set_result(None)

    def _leaves(self, side: Side, clean: bool) -> None:
        if self._first_left is None:
            self._first_left, self._clean = side, clean

    def _check_idle(self) -> None:
        left = self.active_at + self._idle_s - self.now()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check_idle)
            return
        self._leaves("gateway", clean=False)
        self._client.transport.abort()
        self._provider.transport.abort()


class _End(asyncio.Protocol):
    """One end of a tunnel: what comes from it goes to the other."""

    other: _End

    def __init__(self, tunnel: Tunnel, side: Side, transport: asyncio.Transport) -> None:
        self._tunnel, self.side, self.transport = tunnel, side, transport
        self.received = 0
        self.finished = self.lost = False
        transport.set_protocol(self)

    def start(self, early: bytes) -> None:
        """Read on, and pass on what had come already; it may have left since."""
        if not self.transport.is_closing():
            self.transport.resume_reading()
        self.data_received(early)
        if self.transport.is_closing():
            self._tunnel.gone(self, None)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._tunnel.active_at = self._tunnel.now()
        _send(self.other.transport, data)

    def eof_received(self) -> bool:
        return self._tunnel.half_close(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._tunnel.gone(self, error)

    def pause_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()
