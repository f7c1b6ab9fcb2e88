"""What of an exchange holds no content and so is kept with and without it."""

from __future__ import annotations

from collections.abc import Callable

from transom.capture.exchange import Exchange
from transom.types import Attempt, Json

_KEPT = (
    "id",
    "project_id",
    "key_id",
    "started_at",
    "ended",
    "provider",
    "operation",
    "route",
    "otel_trace_id",
    "otel_span_id",
    "otel_parent_span_id",
    "status_code",
    "rewrites",
    "stream",
    "latency_ms",
    "ttft_ms",
    "overhead_ms",
)


def kept(exchange: Exchange) -> dict[str, Json]:
    """Ids of our own, configured names, times and numbers."""
    return {name: getattr(exchange, name) for name in _KEPT}


def redacted_attempts(exchange: Exchange, ident: Callable[[str], str]) -> list[Attempt]:
    """The attempts, each error and model passed through `ident`."""
    return [
        Attempt(
            provider=attempt.provider,
            status=attempt.status,
            error=None if attempt.error is None else ident(attempt.error),
            duration_ms=attempt.duration_ms,
            model=None if attempt.model is None else ident(attempt.model),
        )
        for attempt in exchange.attempts
    ]
