"""The vocabulary every stage shares. Nothing here holds raw content, so anything may import it."""

from __future__ import annotations

import os
import time
from collections import deque
from enum import StrEnum
from typing import Any, Literal

import msgspec

PICODOLLARS_PER_DOLLAR = 10**12
"""Money is kept as integer picodollars (1e-12 USD): every published per-token price is a whole number of them."""

DAY_NS = 86_400 * 10**9

DEFAULT_PROJECT = "default"
OWN_PROJECT = "_transom"
"""Of Transom's own traffic, which lists and statistics leave out unless it is asked for; also its provider's name."""

ANONYMOUS_KEY = "anonymous"
"""The `key_id` of a caller that sent no credential."""

Json = Any
"""A decoded JSON value: None, bool, int, float, str, list or dict of the same."""


class Operation(StrEnum):
    """What was asked of the provider (OpenTelemetry `gen_ai.operation.name`, extended)."""

    CHAT = "chat"
    TEXT_COMPLETION = "text_completion"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    MESSAGES = "messages"
    RERANK = "rerank"
    IMAGES = "images"
    ASSISTANTS = "assistants"
    MODELS = "models"
    OTHER = "other"


class Ended(StrEnum):
    """How an exchange came to its end, seen from the gateway."""

    COMPLETE = "complete"
    CLIENT_LEFT = "client_left"
    UPSTREAM_FAILED = "upstream_failed"
    GATEWAY_DIED = "gateway_died"


class OutcomeState(StrEnum):
    """Where an exchange's record went. Every exchange begun gets exactly one."""

    STORED = "stored"
    METADATA_ONLY = "metadata_only"
    DROPPED = "dropped"


class Outcome(msgspec.Struct, frozen=True):
    """One exchange's outcome; `reason` says why when it isn't `stored`."""

    state: OutcomeState
    reason: str | None = None


STORED = Outcome(OutcomeState.STORED)


def metadata_only(reason: str) -> Outcome:
    """The outcome of an exchange whose content isn't kept."""
    return Outcome(OutcomeState.METADATA_ONLY, reason)


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What a spool writer has begun, by day (days since 1970, UTC), and how many of those it could not write.

    It keeps days from `first_day` to `last_day`; what a wrong clock puts elsewhere counts as the nearest of them.
    """

    first_day: int
    last_day: int
    exchanges: dict[int, int] = {}
    undone: dict[int, int] = {}

    def day_of(self, started_at: int) -> int:
        """The day under which the writer counted an exchange that began then."""
        return min(max(started_at // DAY_NS, self.first_day), self.last_day)


UsageSource = Literal["provider", "tokenizer"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts. `None` is unknown, never 0. `input_tokens` includes cached and cache-written ones."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    source: UsageSource | None = None


class Cost(msgspec.Struct, frozen=True):
    """Money for one exchange, in picodollars; `None` when a price or a count is unknown."""

    picodollars: int | None = None
    price_version: str | None = None


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One redaction: what kind, found by whom, and where its placeholder stands in the redacted text.

    `start` and `end` are character offsets into the leaf at `path` (keys and indexes below the message's `parts`)
    of message number `message` (input messages first, then output).
    """

    entity: str
    start: int
    end: int
    recognizer: str
    message: int
    path: list[str | int] = []


class RedactedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message after redaction, in the shape of OpenTelemetry GenAI messages.

    `parts` are dicts with a `type`: text, reasoning, refusal, tool_call, tool_call_response, blob, uri, or other.
    """

    role: str
    parts: list[dict[str, Json]]
    name: str | None = None
    finish_reason: str | None = None
    remarks: list[Remark] = []


class EntityHash(msgspec.Struct, frozen=True, order=True):
    """A value that was redacted, as it can be looked up by who knows it: 16 bytes of a hash with the project's key.

    The tag of the value's placeholder is the beginning of the same hash. Only equal values have equal hashes, and what
    is equal is said by `transom.redact.placeholders.normalise`.
    """

    entity: str
    hash: bytes


class TaughtRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer taught redaction, for one project.

    Of a `missed` value there is a keyed hash of its `words` words, of a `pattern` its text. A `wrong` finding is no
    personal data: its `text` is kept and left alone.
    """

    id: str
    project_id: str
    kind: Literal["missed", "pattern", "wrong"]
    entity: str
    words: int = 0
    digest: bytes | None = None
    text: str | None = None


class Miss(msgspec.Struct, frozen=True):
    """What the strict profile still found in a redacted message, and redaction perhaps missed. It holds no text.

    `start` and `end` are character offsets into the leaf at `path` (keys and indexes below the message's `parts`).
    """

    entity: str
    path: list[str | int]
    start: int
    end: int


class Residual(msgspec.Struct, frozen=True):
    """A message of the sample that was read again after its redaction: message number `message` of its exchange.

    `profile` is what redacted it, `language` a guess as in "en" (ISO 639-1), or "und".
    """

    message: int
    profile: str
    language: str
    misses: list[Miss] = []


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One upstream try within an exchange. `model` is the name sent where it wasn't the caller's."""

    provider: str
    status: int | None
    error: str | None
    duration_ms: float
    model: str | None = None


class RedactedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that may be stored, shown and exported. The only thing the store's write function takes.

    `started_at` is Unix nanoseconds UTC. Text fields have all passed redaction. `session_inferred` is set by the store,
    where the client named no session and its history tells which it is.
    When `outcome` isn't `stored`, messages and tools are empty. `entity_hashes` are of the distinct values that were
    redacted, and empty unless `redaction.index` is on. `names_unchecked` are the languages, as in "bn" (ISO 639-1), of
    whose names the model knows nothing and in which there is text. `residuals` are of those messages that were read
    again.
    """

    id: str
    project_id: str
    key_id: str
    started_at: int
    outcome: Outcome
    ended: Ended
    provider: str
    operation: Operation
    method: str
    path: str
    route: str | None = None
    otel_trace_id: str | None = None
    otel_span_id: str | None = None
    otel_parent_span_id: str | None = None
    session_id: str | None = None
    session_inferred: bool = False
    user_id: str | None = None
    app: str | None = None
    tags: list[str] = []
    metadata: dict[str, Json] = {}
    model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    previous_response_id: str | None = None
    request_id: str | None = None
    client_request_id: str | None = None
    status_code: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    rewrites: list[str] = []
    attempts: list[Attempt] = []
    stream: bool = False
    latency_ms: float | None = None
    ttft_ms: float | None = None
    overhead_ms: float | None = None
    params: dict[str, Json] = {}
    input_messages: list[RedactedMessage] = []
    output_messages: list[RedactedMessage] = []
    tools: list[dict[str, Json]] = []
    finish_reasons: list[str] = []
    usage: Usage = Usage()
    cost: Cost = Cost()
    entity_hashes: list[EntityHash] = []
    names_unchecked: list[str] = []
    residuals: list[Residual] = []


class RedactedFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a person or an app said of a response or a session, after redaction."""

    id: str
    project_id: str
    key_id: str
    created_at: int
    target: Literal["response", "session"]
    target_id: str
    name: str
    author: str
    score: float | None = None
    comment: str | None = None
    correction: str | None = None
    labels: list[str] = []


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A wish by its author to take a feedback back."""

    feedback_id: str
    project_id: str
    key_id: str
    created_at: int


def uuid7() -> str:
    """A new UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits; sorts by time."""
    digits = ((time.time_ns() // 1_000_000).to_bytes(6) + _ten_random_bytes()).hex()
    variant = _VARIANT[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_entropy: deque[bytes] = deque()
os.register_at_fork(after_in_child=_entropy.clear)


def _ten_random_bytes() -> bytes:
    """From the system, in larger portions: a system call for each id is 3 % of what a relayed call costs."""
    try:
        return _entropy.popleft()
    except IndexError:
        portion = os.urandom(10 * 256)
        _entropy.extend(portion[start : start + 10] for start in range(10, len(portion), 10))
        return portion[:10]
