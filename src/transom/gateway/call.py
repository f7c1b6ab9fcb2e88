"""One exchange under way, from its first byte to its record. Read `Call.run` first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog

from transom.gateway import headers as rules
from transom.gateway.downstream.request import ClientLeft, Request
from transom.gateway.errors import Refused, error_body, speaks_anthropic, upstream_refusal
from transom.gateway.include_usage import UsageFilter, ask
from transom.gateway.observation import Observation
from transom.gateway.retry import Attempts, Failure, failed_answer, failed_connection
from transom.gateway.rewrite import remove_member, replace_member
from transom.gateway.routes import Plan, Routing, Target, read_routing
from transom.gateway.terminal import TerminalWatch
from transom.gateway.tunnel import Side, Upgrade, handshake, knock, model_in_query, subprotocol_key, with_model
from transom.gateway.upstream import RawHeaders, Response, UpstreamError
from transom.types import Attempt, Ended

if TYPE_CHECKING:
    from transom.gateway.relay import Relay

log = structlog.get_logger()

Body = bytes | AsyncIterator[bytes]
Answer = Response | Upgrade


class Call:
    """What happens to one request. What the record will say of it is `seen`."""

    __slots__ = ("anthropic", "asked", "recorded", "relay", "request", "routing", "seen", "seq")

    def __init__(self, relay: Relay, request: Request) -> None:
        self.relay, self.request = relay, request
        self.anthropic = speaks_anthropic(request.path, request.by_name)
        key_id = relay.key_id(rules.credential(request.by_name))
        self.seen = Observation(request, relay.project_id, key_id, relay.limits.body_bytes)
        self.seq = relay.recording.begin(self.seen.started_at)
        self.recorded = False
        self.routing = Routing()
        self.asked = False

    async def run(self) -> None:
        """Relay and record; whatever happens in between, the exchange gets exactly one record."""
        ended = Ended.COMPLETE
        try:
            ended = await self._answer()
        except ClientLeft:
            ended = Ended.CLIENT_LEFT
        except asyncio.CancelledError:
            ended = Ended.CLIENT_LEFT if self.request.left else Ended.GATEWAY_DIED
            if not self.request.left:
                self.request.cut()
                raise
        except UpstreamError as error:
            self.seen.error, ended = error.code, Ended.UPSTREAM_FAILED
            self.request.cut()
        except Exception as error:
            self.seen.error, ended = "internal_error", Ended.UPSTREAM_FAILED
            log.error("relay failed", id=self.seen.id, error=error)
            self.request.cut()
        finally:
            await self._record(ended)

    async def _answer(self) -> Ended:
        try:
            if self.request.upgrades:
                return await self._tunnel()
            body, plan = await self._prepare()
            response = await self._send(body, plan)
            try:
                await self._pass_on(response)
            finally:
                response.close()
        except Refused as refused:
            self.seen.error = refused.code
            await self._refuse(refused)
        return Ended.COMPLETE

    # ------------------------------------------------------------------ the request

    async def _prepare(self) -> tuple[Body, Plan]:
        """Read what routing needs of the request and choose where it goes."""
        self._refuse_sigv4()
        whole = self._buffers_body()
        body = await self._read_body() if whole else b""
        routing = self.routing = read_routing(body) if body else Routing()
        seen = self.seen
        seen.requested_model = routing.model
        plan = self.relay.router.plan(self.request.raw_path, routing.model, self.anthropic, routing.prompt_cache_key)
        seen.target = plan.targets[0]
        if not whole:
            seen.content_lost = "not_captured"
            return self._stream_body(), Plan(plan.targets[:1], 0, plan.first_byte_s)
        seen.request_body = body
        return body, plan

    def _refuse_sigv4(self) -> None:
        if self.request.by_name.get(b"authorization", b"").startswith(b"AWS4-HMAC-SHA256"):
            raise Refused(
                400,
                "signed_request",
                "a request signed with AWS SigV4 can't pass a proxy, because the signature covers the host. "
                "Use a bearer token for the provider.",
            )

    def _buffers_body(self) -> bool:
        kind = self.request.by_name.get(b"content-type", b"").lower()
        return b"json" in kind or not (kind.startswith(b"multipart/") or b"octet-stream" in kind)

    async def _read_body(self) -> bytes:
        body, last = await self.request.read()
        if not last:
            body = await self._read_rest(body)
        if len(body) > self.relay.limits.body_bytes:
            raise self._too_large()
        return body

    async def _read_rest(self, first: bytes) -> bytes:
        pieces, size, last = [first], len(first), False
        while not last:
            piece, last = await self.request.read()
            pieces.append(piece)
            size += len(piece)
            if size > self.relay.limits.body_bytes:
                raise self._too_large()
        return b"".join(pieces)

    def _too_large(self) -> Refused:
        self.seen.content_lost = "too_large"
        limit = self.relay.limits.body_bytes // 2**20
        return Refused(413, "request_too_large", f"the request body is over the limit of {limit} MB.")

    async def _stream_body(self) -> AsyncIterator[bytes]:
        last = False
        while not last:
            piece, last = await self.request.read()
            if piece:
                yield piece

    def _rewritten(self, body: bytes, target: Target) -> bytes:
        """The body as this target gets it. Members that have nothing to do with it keep their bytes."""
        routing, rewrites = self.routing, []
        if bytes(routing.transom):
            body = remove_member(body, "transom")
            rewrites.append("transom_field")
        if target.model is not None and target.model != routing.model:
            body = replace_member(body, "model", target.model)
            rewrites.append("alias")
        if target.translated:
            rewrites.append("translation")
        asking = ask(body) if target.include_usage and routing.stream else None
        self.asked = asking is not None
        if asking is not None:
            body = asking
            rewrites.append("include_usage")
        self.seen.rewrites = rewrites
        return body

    # ------------------------------------------------------------------ the attempts

    async def _send(self, body: Body, plan: Plan) -> Response:
        """The answer of the first target that gives a good one, else the last one's. Raises Refused where it has none.

        Only a route has more than one attempt, and nothing has gone to the client before the last.
        """
        if len(plan.targets) == 1 and not plan.retries:
            return _response(await self._try(plan.targets[0], body, plan.first_byte_s), plan.targets[0])
        attempts = Attempts(plan, self.relay.breakers)
        while True:
            target = attempts.target
            outcome = await self._try(target, body, plan.first_byte_s)
            failure = _failure(outcome)
            if failure is None:
                attempts.succeeded()
            following = attempts.next(failure) if failure else None
            if following is None:
                return _response(outcome, target)
            if isinstance(outcome, Response):
                outcome.close()
            await asyncio.sleep(following[1])

    async def _try(self, target: Target, body: Body, first_byte_s: float | None) -> Response | UpstreamError:
        seen, request = self.seen, self.request
        seen.target = target
        query = rules.query_to_provider(request.query, target)
        path = target.path + b"?" + query if query else target.path
        headers, framed = self._request_headers(target, body)
        began = time.perf_counter_ns()
        seen.sent_ns = seen.sent_ns or began
        outcome: Response | UpstreamError | None = None
        try:
            outcome = await self.relay.client.request(
                target.origin, request.method.encode(), path, headers, framed, first_byte_s
            )
        except UpstreamError as error:
            outcome = error
        finally:
            # An attempt that the client didn't wait for is one too.
            seen.attempts.append(_attempt(target, outcome, began))
        return outcome

    def _request_headers(self, target: Target, body: Body) -> tuple[RawHeaders, Body]:
        """The headers to send, and the body with the framing that they announce."""
        headers, by_name = self.request.headers, self.request.by_name
        if isinstance(body, bytes):
            body = self._rewritten(body, target)
            declared = b"content-length" in by_name or b"transfer-encoding" in by_name or body
            sent = rules.to_provider(headers, by_name, target, len(body) if declared else None)
            return rules.uncompressed(sent) if self.asked else sent, body
        length = by_name.get(b"content-length")
        if length is not None:
            return rules.to_provider(headers, by_name, target, int(length)), body
        chunked = [*rules.to_provider(headers, by_name, target, None), (b"transfer-encoding", b"chunked")]
        return chunked, _chunked(body)

    async def _pass_on(self, response: Answer) -> None:
        """The answer, to the client as it comes. Its end waits for its record."""
        request, seen = self.request, self.seen
        by_name = {name.lower(): value for name, value in response.headers}
        seen.status, seen.response_headers = response.status, by_name
        streams = _is_plain_stream(by_name)
        usage = UsageFilter() if self.asked and streams else None
        request.start(response.status, self._response_headers(response.headers, by_name, usage is not None))
        watch = TerminalWatch() if streams else None

        def pass_through(piece: bytes) -> bool:
            if request.blocked or (watch and watch.ends_with(piece)):
                return False
            seen.note(piece)
            request.send(usage.feed(piece) if usage else piece)
            return True

        if not response.ready:
            request.send(b"")
        last = False
        while not last:
            piece, last = await response.read(pass_through)
            seen.note(piece)
            if last or (watch and watch.ends_with(piece)):
                watch = None
                await self._record(Ended.COMPLETE)
            if usage:
                piece = usage.feed(piece) + usage.end() if last else usage.feed(piece)
            await request.write(piece, last)

    async def _tunnel(self) -> Ended:
        """A WebSocket: its handshake goes to the provider that the model in the query names, then bytes both ways."""
        seen, relay, request = self.seen, self.relay, self.request
        seen.content_lost = "not_captured"
        seen.key_id = relay.key_id(rules.credential(request.by_name) or subprotocol_key(request.by_name))
        seen.requested_model = model_in_query(request.query)
        plan = relay.router.plan(request.raw_path, seen.requested_model, anthropic=False)
        target = seen.target = plan.targets[0]
        query = with_model(request.query, target.model) if target.model else request.query
        asking = handshake(target, query, request.headers)
        upgrade = await self._knock(target, asking, plan.first_byte_s or relay.limits.first_byte_s)
        try:
            if not upgrade.agreed:
                request.close_after()
                await self._pass_on(upgrade)
                return Ended.COMPLETE
            seen.status = upgrade.status
            transport, early = request.hand_over()
            end = await upgrade.tunnel(transport, early, self._own_headers({}), relay.limits.between_bytes_s)
        finally:
            upgrade.close()
        if end.first_left == "gateway":
            seen.error = "upstream_timeout"
        return Ended.COMPLETE if end.clean else _ENDINGS[end.first_left]

    async def _knock(self, target: Target, asking: bytes, first_byte_s: float) -> Upgrade:
        began = self.seen.sent_ns = time.perf_counter_ns()
        outcome: Upgrade | UpstreamError | None = None
        try:
            outcome = await knock(self.relay.client, target.origin, asking, first_byte_s)
        except UpstreamError as error:
            outcome = error
            raise upstream_refusal(target.provider, error.code) from None
        finally:
            self.seen.attempts.append(_attempt(target, outcome, began))
        return outcome

    def _response_headers(self, received: RawHeaders, by_name: dict[bytes, bytes], shorter: bool) -> RawHeaders:
        """The provider's headers and ours. A `shorter` body than the provider's has another length."""
        headers = rules.to_client(received, by_name)
        if shorter and b"content-length" in by_name:
            headers = [header for header in headers if header[0].lower() != b"content-length"]
        return headers + self._own_headers(by_name)

    def _own_headers(self, by_name: dict[bytes, bytes]) -> RawHeaders:
        seen, relay = self.seen, self.relay
        trace_id = seen.id.encode()
        own = [
            (b"x-transom-trace-id", trace_id),
            (b"x-transom-feedback-token", relay.signer.sign(seen.id, relay.project_id, seen.key_id)),
            (b"server-timing", b"transom;dur=%.2f" % (seen.overhead_ns() / 1e6)),
        ]
        if b"x-request-id" not in by_name:
            own.append((b"x-request-id", trace_id))
        return own

    async def _refuse(self, refused: Refused) -> None:
        body = error_body(refused, self.anthropic)
        seen, trace_id = self.seen, self.seen.id.encode()
        seen.status = refused.status
        seen.note(body)
        seen.response_headers = {b"content-type": b"application/json"}
        await self._record(Ended.UPSTREAM_FAILED if seen.attempts else Ended.COMPLETE)
        own = [(b"x-transom-trace-id", trace_id), (b"x-request-id", trace_id), (b"content-length", b"%d" % len(body))]
        self.request.start(refused.status, [*seen.response_headers.items(), *own])
        await self.request.write(body, last=True)

    # ------------------------------------------------------------------ the record

    async def _record(self, ended: Ended) -> None:
        if not self.recorded:
            self.recorded = True
            await self.relay.recording.append(self.seq, self.seen.capture(ended))


def _failure(outcome: Response | UpstreamError) -> Failure | None:
    if isinstance(outcome, UpstreamError):
        return failed_connection(outcome.code)
    return failed_answer(outcome.status, outcome.headers, time.time())


def _response(outcome: Response | UpstreamError, target: Target) -> Response:
    if isinstance(outcome, UpstreamError):
        raise upstream_refusal(target.provider, outcome.code, target.translated)
    return outcome


_ENDINGS: dict[Side, Ended] = {
    "client": Ended.CLIENT_LEFT,
    "provider": Ended.UPSTREAM_FAILED,
    "gateway": Ended.UPSTREAM_FAILED,
}


def _attempt(target: Target, outcome: Answer | UpstreamError | None, began: int) -> Attempt:
    return Attempt(
        provider=target.provider,
        model=target.model,
        status=None if outcome is None or isinstance(outcome, UpstreamError) else outcome.status,
        error=outcome.code if isinstance(outcome, UpstreamError) else None,
        duration_ms=(time.perf_counter_ns() - began) / 1e6,
    )


def _is_plain_stream(by_name: dict[bytes, bytes]) -> bool:
    encoded = by_name.get(b"content-encoding", b"identity") != b"identity"
    return by_name.get(b"content-type", b"").startswith(b"text/event-stream") and not encoded


async def _chunked(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
