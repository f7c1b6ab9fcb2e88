"""A redacted exchange as a row of `trace`, and what fits into a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from transom.types import Json, Outcome, RedactedExchange, RedactedMessage

PREVIEW_CHARS = 140
"""A line on a wide screen."""

_LONGEST_ID = 200
"""Characters. PostgreSQL's indexes take keys of at most 2,704 bytes, and `feedback` has three ids in one."""

_MOST_TOKENS = 2**40
_MOST_COST = 10**18
"""Picodollars: a million dollars. Whatever a provider claims, sums of numbers below these stay within 64 bits."""

_COPIED = [
    *("id", "project_id", "started_at", "ended", "method", "path", "status_code", "error_message", "stream"),
    *("otel_trace_id", "otel_span_id", "otel_parent_span_id", "latency_ms", "ttft_ms", "overhead_ms"),
]
_IDS = [
    *("key_id", "provider", "operation", "route", "session_id", "user_id", "app", "model", "response_model"),
    *("response_id", "request_id", "client_request_id", "error_type"),
]
_JSON = ["tags", "rewrites", "attempts", "params"]
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


def to_text(value: Json) -> str:
    """JSON as a column keeps it."""
    return msgspec.json.encode(value).decode()


def from_text(text: str) -> Any:
    """The reverse of `to_text`."""
    return msgspec.json.decode(text)


def outcome_name(outcome: Outcome) -> str:
    """An outcome as the books name it: `stored`, `metadata_only:spool_full`, `dropped:gateway_died`."""
    return f"{outcome.state}:{outcome.reason}" if outcome.reason else str(outcome.state)


def fit_id(value: str | None) -> str | None:
    """An id as it is, or, where an index could not hold it, its beginning and a hash of it all."""
    if value is None or len(value) <= _LONGEST_ID:
        return value
    return f"{value[: _LONGEST_ID - 40]}~{sha256(value.encode()).hexdigest()[:32]}"


def first_id(at_ns: int) -> str:
    """The lowest UUIDv7 of that time."""
    ms = f"{max(at_ns, 0) // 10**6:012x}"
    return f"{ms[:8]}-{ms[8:]}"


def session_of(exchange: RedactedExchange) -> str:
    """The session that an exchange's messages belong to: its own where it names none."""
    return fit_id(exchange.session_id) or exchange.id


def trace_row(
    exchange: RedactedExchange, inputs: list[int], outputs: list[int], tools: int | None, billed: bool
) -> dict[str, Any]:
    """The row of an exchange whose messages have these row ids. What isn't billed costs nothing."""
    return {
        **{name: getattr(exchange, name) for name in _COPIED},
        **{name: fit_id(getattr(exchange, name)) for name in _IDS},
        **{name: to_text(getattr(exchange, name)) for name in _JSON},
        **token_counts(exchange),
        "outcome": exchange.outcome.state,
        "outcome_reason": exchange.outcome.reason,
        "metadata": to_text(exchange.metadata),
        "failed": is_failed(exchange),
        "finish_reasons": to_text(_finish_reasons(exchange)),
        "usage_source": exchange.usage.source,
        "cost": cost_of(exchange) if billed else 0,
        "price_version": exchange.cost.price_version,
        "billed": billed,
        "message_ids": to_text(inputs + outputs),
        "inputs": len(inputs),
        "tools_id": tools,
        **previews(exchange.input_messages, exchange.output_messages),
        "session_source": _session_source(exchange),
        "content_expired_at": None,
        "names_unchecked": to_text(exchange.names_unchecked),
    }


def _session_source(exchange: RedactedExchange) -> str | None:
    if exchange.session_id is None:
        return None
    return "inferred" if exchange.session_inferred else "client"


def is_failed(exchange: RedactedExchange) -> bool:
    """Whether the caller got an error."""
    return exchange.error_type is not None or (exchange.status_code or 0) >= 400


def token_counts(exchange: RedactedExchange) -> dict[str, int | None]:
    """The token columns; a number that can't be one is unknown."""
    counts = {name: getattr(exchange.usage, name) for name in TOKENS}
    return {name: n if n is not None and 0 <= n < _MOST_TOKENS else None for name, n in counts.items()}


def cost_of(exchange: RedactedExchange) -> int | None:
    """Its picodollars, or None."""
    cost = exchange.cost.picodollars
    return cost if cost is not None and abs(cost) < _MOST_COST else None


def _finish_reasons(exchange: RedactedExchange) -> list[str]:
    return exchange.finish_reasons or [m.finish_reason for m in exchange.output_messages if m.finish_reason]


def previews(inputs: Sequence[RedactedMessage], outputs: Sequence[RedactedMessage]) -> dict[str, str | None]:
    """What a list shows of the messages of a trace."""
    return {"input_preview": _input_preview(inputs), "output_preview": _preview(outputs)}


def _input_preview(messages: Sequence[RedactedMessage]) -> str | None:
    newest_first = messages[::-1]
    return _preview([m for m in newest_first if m.role == "user"]) or _preview(newest_first)


def _preview(messages: Sequence[RedactedMessage]) -> str | None:
    """The beginning of the first message that has something to show."""
    for message in messages:
        shown = " ".join(" ".join(_shown(part).split()) for part in message.parts).strip()
        if shown:
            return shown[:PREVIEW_CHARS]
    return None


def _shown(part: dict[str, Json]) -> str:
    match part.get("type"):
        case "text" | "refusal":
            return str(part.get("content") or "")[: 4 * PREVIEW_CHARS]
        case "tool_call":
            return f"{part.get('name')}({to_text(part.get('arguments'))})"[: 4 * PREVIEW_CHARS]
        case "tool_call_response":
            response = part.get("response")
            return (response if isinstance(response, str) else to_text(response))[: 4 * PREVIEW_CHARS]
        case _:
            return ""


def searchable_text(parts: Sequence[dict[str, Json]]) -> str:
    """Everything in a message that somebody may have said: its strings, without keys, ids and attachments."""
    return "\n".join(leaf for part in parts for leaf in _said(part))


def _said(part: dict[str, Json]) -> Iterator[str]:
    if part.get("type") == "blob":
        return
    for key in ("content", "name", "arguments", "response", "uri"):
        yield from _strings(part.get(key))


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
