"""What is seen of one exchange as it passes: the making of its record."""

from __future__ import annotations

import time

from transom.capture.exchange import Capture
from transom.gateway import headers as rules
from transom.gateway.downstream.request import Request
from transom.gateway.routes import Target
from transom.types import Attempt, Ended, uuid7


class Observation:
    """Filled in by the relay. Times are `time.perf_counter_ns`, but `started_at` is Unix ns."""

    __slots__ = (
        "_response_body",
        "_response_bytes",
        "attempts",
        "body_limit",
        "content_lost",
        "error",
        "first_byte_ns",
        "id",
        "key_id",
        "last_byte_ns",
        "project_id",
        "request",
        "request_body",
        "requested_model",
        "response_headers",
        "rewrites",
        "sent_ns",
        "started",
        "started_at",
        "status",
        "target",
    )

    def __init__(self, request: Request, project_id: str, key_id: str, body_limit: int) -> None:
        self.id = uuid7()
        self.started_at = time.time_ns()
        self.started = time.perf_counter_ns()
        self.request, self.project_id, self.key_id, self.body_limit = request, project_id, key_id, body_limit
        self.target: Target | None = None
        self.request_body = b""
        self.requested_model: str | None = None
        self.rewrites: list[str] = []
        self.attempts: list[Attempt] = []
        self.status: int | None = None
        self.response_headers: dict[bytes, bytes] = {}
        self.sent_ns: int | None = None
        self.first_byte_ns: int | None = None
        self.last_byte_ns: int | None = None
        self.error: str | None = None
        self.content_lost: str | None = None
        self._response_body: list[bytes] = []
        self._response_bytes = 0

    def note(self, piece: bytes) -> None:
        """A piece of the answer has come from the provider."""
        self.last_byte_ns = time.perf_counter_ns()
        if piece and self.first_byte_ns is None:
            self.first_byte_ns = self.last_byte_ns
        if self.content_lost:
            return
        self._response_body.append(piece)
        self._response_bytes += len(piece)
        if self._response_bytes > self.body_limit:
            self.content_lost = "too_large"
            self._response_body.clear()

    def overhead_ns(self) -> int:
        """Time in the gateway so far: all of it less the wait for the provider."""
        now = time.perf_counter_ns()
        waiting = (self.last_byte_ns or now) - self.sent_ns if self.sent_ns else 0
        return now - self.started - waiting

    def capture(self, ended: Ended) -> Capture:
        """The record of it."""
        request, target = self.request, self.target
        lost = self.content_lost is not None
        return Capture(
            id=self.id,
            project_id=self.project_id,
            key_id=self.key_id,
            started_at=self.started_at,
            method=request.method,
            path=request.path,
            query=request.query.decode("latin-1"),
            provider=target.provider if target else "none",
            route=target.route if target else None,
            otel_span_id=self.id[19:23] + self.id[24:],  # 62 random bits
            request_headers=rules.recorded_request(request.headers),
            request_body=b"" if lost else self.request_body,
            status=self.status,
            response_headers=rules.recorded_response(self.response_headers),
            response_body=b"" if lost else b"".join(self._response_body),
            ended=ended,
            latency_ns=time.perf_counter_ns() - self.started,
            ttft_ns=self.first_byte_ns - self.started if self.first_byte_ns else None,
            overhead_ns=self.overhead_ns(),
            rewrites=self.rewrites,
            attempts=self.attempts,
            error=self.error,
            content_lost=self.content_lost,
            requested_model=self.requested_model,
        )
