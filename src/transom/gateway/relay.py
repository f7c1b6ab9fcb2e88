"""One exchange: the request to the provider, its answer to the client byte for byte, a copy to the spool.

Read `Call.run` first.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import structlog

from transom.capture.exchange import Capture
from transom.gateway import headers as rules
from transom.gateway.errors import Refused, error_body, speaks_anthropic, upstream_refusal
from transom.gateway.recording import Recording
from transom.gateway.rewrite import remove_member, replace_member
from transom.gateway.routes import Router, Routing, Target, read_routing
from transom.gateway.terminal import TerminalWatch
from transom.gateway.tokens import TokenSigner
from transom.gateway.upstream import Client, RawHeaders, Response, UpstreamError
from transom.secret import Secret
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT, Attempt, Ended, uuid7

log = structlog.get_logger()

Scope = dict[str, Any]
Receive = Any
Send = Any


class ClientLeft(Exception):
    """The client closed its connection."""


class CutOff(Exception):
    """The answer can't be finished: the server below must close the connection, so that the client can tell."""


class Relay:
    """What all calls of a gateway share."""

    def __init__(
        self,
        router: Router,
        client: Client,
        recording: Recording,
        secret: Secret,
        signer: TokenSigner,
        body_bytes: int,
        project_id: str = DEFAULT_PROJECT,
    ) -> None:
        self.router, self.client, self.recording = router, client, recording
        self.secret, self.signer, self.body_bytes = secret, signer, body_bytes
        self.project_id = project_id
        self._key_ids: dict[bytes, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Call(self, scope, receive, send).run()

    def note_refused(self, refused: Refused) -> None:
        """Record a request that was refused before it could be read."""
        now = time.time_ns()
        seq = self.recording.begin(now)
        capture = Capture(
            id=uuid7(),
            project_id=DEFAULT_PROJECT,
            key_id=ANONYMOUS_KEY,
            started_at=now,
            method="",
            path="",
            query="",
            provider="none",
            route=None,
            otel_span_id=os.urandom(8).hex(),
            request_headers=[],
            request_body=b"",
            status=refused.status,
            response_headers=[],
            response_body=b"",
            ended=Ended.COMPLETE,
            latency_ns=0,
            ttft_ns=None,
            overhead_ns=0,
            error=refused.code,
            content_lost=refused.code,
        )
        self.recording.append_now(seq, capture)

    def key_id(self, credential: bytes | None) -> str:
        """The id that stands for a caller's credential; the same one each time."""
        if credential is None:
            return ANONYMOUS_KEY
        known = self._key_ids.get(credential)
        if known is None:
            if len(self._key_ids) >= 10_000:
                self._key_ids.clear()
            known = self._key_ids[credential] = self.secret.credential_id(credential) or ANONYMOUS_KEY
        return known


class Call:
    """One exchange under way, from its first byte to its record."""

    def __init__(self, relay: Relay, scope: Scope, receive: Receive, send: Send) -> None:
        self.relay, self.scope, self.receive, self.send = relay, scope, receive, send
        self.id = uuid7()
        self.started_at = time.time_ns()
        self.started = time.perf_counter_ns()
        self.headers: RawHeaders = scope["headers"]
        self.by_name = dict(self.headers)
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or self.path.encode()
        self.key_id = relay.key_id(rules.credential(self.by_name))
        self.anthropic = speaks_anthropic(self.path, self.by_name)
        self.target: Target | None = None
        self.rewrites: list[str] = []
        self.request_body: list[bytes] = []
        self.requested_model: str | None = None
        self.content_lost: str | None = None
        self.status: int | None = None
        self.response_headers: RawHeaders = []
        self.response_body: list[bytes] = []
        self.response_bytes = 0
        self.sent_ns: int | None = None
        self.first_byte_ns: int | None = None
        self.last_byte_ns: int | None = None
        self.error: str | None = None
        self.attempts: list[Attempt] = []
        self.recorded = False
        self.left = False
        self.task: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Relay and record; whatever happens in between, the exchange gets exactly one record."""
        seq = self.relay.recording.begin(self.started_at)
        self.task = asyncio.current_task()
        ended = Ended.COMPLETE
        try:
            await self._answer(seq)
        except ClientLeft:
            ended = Ended.CLIENT_LEFT
        except asyncio.CancelledError:
            ended = Ended.CLIENT_LEFT if self.left else Ended.GATEWAY_DIED
            if not self.left:
                raise
        except UpstreamError as error:
            self.error, ended = error.code, Ended.UPSTREAM_FAILED
            raise CutOff(error.code) from None
        except Exception as error:
            self.error, ended = "internal_error", Ended.UPSTREAM_FAILED
            log.error("relay failed", id=self.id, error=error)
            raise CutOff("internal_error") from None
        finally:
            await self._record(seq, ended)

    async def _answer(self, seq: int) -> None:
        try:
            body = await self._prepare()
            watcher = asyncio.create_task(self._watch_client()) if isinstance(body, bytes) else None
            try:
                await self._forward(seq, body)
            finally:
                if watcher:
                    watcher.cancel()
        except Refused as refused:
            self.error = refused.code
            await self._refuse(seq, refused)

    # ------------------------------------------------------------------ the request

    async def _prepare(self) -> bytes | AsyncIterator[bytes]:
        """Read what routing needs of the request and choose the target."""
        self._refuse_sigv4()
        whole = self._buffers_body()
        body = await self._read_body() if whole else b""
        routing = read_routing(body) if body else Routing()
        self.requested_model = routing.model
        self.target = self.relay.router.resolve(self.raw_path, routing.model, self.anthropic)
        if not whole:
            self.content_lost = "not_captured"
            return self._stream_body()
        self.request_body = [body]
        return self._rewrite(body, routing, self.target)

    def _refuse_sigv4(self) -> None:
        if self.by_name.get(b"authorization", b"").startswith(b"AWS4-HMAC-SHA256"):
            raise Refused(
                400,
                "signed_request",
                "a request signed with AWS SigV4 can't pass a proxy, because the signature covers the host. "
                "Use a bearer token for the provider.",
            )

    def _buffers_body(self) -> bool:
        kind = self.by_name.get(b"content-type", b"").lower()
        return b"json" in kind or not (kind.startswith(b"multipart/") or b"octet-stream" in kind)

    async def _read_body(self) -> bytes:
        pieces, size = [], 0
        async for piece in self._stream_body():
            size += len(piece)
            if size > self.relay.body_bytes:
                self.content_lost = "too_large"
                limit = self.relay.body_bytes // 2**20
                raise Refused(413, "request_too_large", f"the request body is over the limit of {limit} MB.")
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _stream_body(self) -> AsyncIterator[bytes]:
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                self.left = True
                raise ClientLeft
            if piece := message.get("body", b""):
                yield piece
            if not message.get("more_body", False):
                return

    def _rewrite(self, body: bytes, routing: Routing, target: Target) -> bytes:
        if bytes(routing.transom):
            body = remove_member(body, "transom")
            self.rewrites.append("transom_field")
        if target.model is not None and target.model != routing.model:
            body = replace_member(body, "model", target.model)
            self.rewrites.append("alias")
        return body

    # ------------------------------------------------------------------ the answer

    async def _forward(self, seq: int, body: bytes | AsyncIterator[bytes]) -> None:
        assert self.target
        response = await self._send_request(self.target, body)
        try:
            self.status = response.status
            self.response_headers = response.headers
            await self._start(response)
            await self._relay_body(seq, response)
        finally:
            response.close()

    async def _send_request(self, target: Target, body: bytes | AsyncIterator[bytes]) -> Response:
        query = self.scope["query_string"]
        path = target.path + b"?" + query if query else target.path
        headers, framed = self._request_headers(target, body)
        began = self.sent_ns = time.perf_counter_ns()
        status, error = None, None
        try:
            response = await self.relay.client.request(
                target.origin, self.scope["method"].encode(), path, headers, framed
            )
            status = response.status
        except UpstreamError as failure:
            error = failure.code
            raise upstream_refusal(target.provider, failure.code) from None
        finally:
            took = (time.perf_counter_ns() - began) / 1e6
            attempt = Attempt(provider=target.provider, status=status, error=error, duration_ms=took)
            self.attempts.append(attempt)
        return response

    def _request_headers(
        self, target: Target, body: bytes | AsyncIterator[bytes]
    ) -> tuple[RawHeaders, bytes | AsyncIterator[bytes]]:
        """The headers to send, and the body with the framing that they announce."""
        if isinstance(body, bytes):
            declared = b"content-length" in self.by_name or b"transfer-encoding" in self.by_name or body
            return rules.to_provider(self.headers, target, len(body) if declared else None), body
        length = self.by_name.get(b"content-length")
        if length is not None:
            return rules.to_provider(self.headers, target, int(length)), body
        chunked = [*rules.to_provider(self.headers, target, None), (b"transfer-encoding", b"chunked")]
        return chunked, _chunked(body)

    async def _start(self, response: Response) -> None:
        own: RawHeaders = [(b"x-transom-trace-id", self.id.encode())]
        names = {name.lower() for name, _ in response.headers}
        if b"x-request-id" not in names:
            own.append((b"x-request-id", self.id.encode()))
        token = self.relay.signer.sign(self.id, self.relay.project_id, self.key_id)
        own.append((b"x-transom-feedback-token", token))
        own.append((b"server-timing", b"transom;dur=%.2f" % (self._overhead_ns() / 1e6)))
        headers = rules.to_client(response.headers) + own
        await self.send({"type": "http.response.start", "status": response.status, "headers": headers})

    async def _relay_body(self, seq: int, response: Response) -> None:
        watch = TerminalWatch() if self._is_plain_stream() else None
        last = False
        while not last:
            piece, last = await response.read()
            self._note(piece)
            if last or (watch and watch.ends_with(piece)):
                watch = None
                await self._record(seq, Ended.COMPLETE)
            await self.send({"type": "http.response.body", "body": piece, "more_body": not last})

    def _note(self, piece: bytes) -> None:
        self.last_byte_ns = time.perf_counter_ns()
        if piece and self.first_byte_ns is None:
            self.first_byte_ns = self.last_byte_ns
        if self.content_lost:
            return
        self.response_body.append(piece)
        self.response_bytes += len(piece)
        if self.response_bytes > self.relay.body_bytes:
            self.content_lost = "too_large"
            self.response_body.clear()

    def _is_plain_stream(self) -> bool:
        named = {name.lower(): value for name, value in self.response_headers}
        encoded = named.get(b"content-encoding", b"identity") != b"identity"
        return named.get(b"content-type", b"").startswith(b"text/event-stream") and not encoded

    async def _watch_client(self) -> None:
        """Cancel the call when the client leaves: `send` would not fail, and the provider would go on generating."""
        message = await self.receive()
        if message["type"] == "http.disconnect" and not self.recorded and self.task:
            self.left = True
            self.task.cancel()

    async def _refuse(self, seq: int, refused: Refused) -> None:
        body = error_body(refused, self.anthropic)
        self.status = refused.status
        self.response_body = [body]
        self.response_headers = [(b"content-type", b"application/json")]
        own = [(b"x-transom-trace-id", self.id.encode()), (b"x-request-id", self.id.encode())]
        length = (b"content-length", str(len(body)).encode())
        await self._record(seq, Ended.UPSTREAM_FAILED if self.attempts else Ended.COMPLETE)
        headers = [*self.response_headers, length, *own]
        await self.send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    # ------------------------------------------------------------------ the record

    async def _record(self, seq: int, ended: Ended) -> None:
        if self.recorded:
            return
        self.recorded = True
        await self.relay.recording.append(seq, self._capture(ended))

    def _capture(self, ended: Ended) -> Capture:
        lost = self.content_lost is not None
        now = time.perf_counter_ns()
        target = self.target
        return Capture(
            id=self.id,
            project_id=self.relay.project_id,
            key_id=self.key_id,
            started_at=self.started_at,
            method=self.scope["method"],
            path=self.path,
            query=self.scope["query_string"].decode("latin-1"),
            provider=target.provider if target else "none",
            route=target.route if target else None,
            otel_span_id=os.urandom(8).hex(),
            request_headers=rules.recorded_request(self.headers),
            request_body=b"" if lost else b"".join(self.request_body),
            status=self.status,
            response_headers=rules.recorded_response(self.response_headers),
            response_body=b"" if lost else b"".join(self.response_body),
            ended=ended,
            latency_ns=now - self.started,
            ttft_ns=self.first_byte_ns - self.started if self.first_byte_ns else None,
            overhead_ns=self._overhead_ns(),
            rewrites=self.rewrites,
            attempts=self.attempts,
            error=self.error,
            content_lost=self.content_lost,
            requested_model=self.requested_model,
        )

    def _overhead_ns(self) -> int:
        """Time in the gateway so far: all of it less the wait for the provider."""
        now = time.perf_counter_ns()
        waiting = (self.last_byte_ns or now) - self.sent_ns if self.sent_ns else 0
        return now - self.started - waiting


async def _chunked(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
