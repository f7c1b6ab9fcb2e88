"""What the REST answers with, for its OpenAPI. Field names follow OpenTelemetry GenAI and OpenAI."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from transom.admin.present import iso

Row = TypeVar("Row")

Time = Annotated[
    int,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""Unix nanoseconds inside, RFC 3339 in UTC outside."""


class Page(BaseModel, Generic[Row]):
    """Some rows, the newest first, and the cursor of those that follow (null at the end)."""

    data: list[Row]
    next_cursor: str | None


class Message(BaseModel):
    """A redacted message; `parts` have the shape of OpenTelemetry GenAI messages."""

    role: str
    parts: list[dict[str, Any]]
    name: str | None
    finish_reason: str | None


class Remark(BaseModel):
    """A redaction: where its placeholder stands in the text at `path` of a message's parts; input messages first."""

    entity: str
    start: int
    end: int
    recognizer: str
    message: int
    path: list[str | int]


class Feedback(BaseModel):
    """What somebody said of a response or a session."""

    id: str
    project_id: str
    key_id: str
    created_at: Time
    target: str
    target_id: str
    name: str
    author: str
    score: float | None
    comment: str | None
    correction: str | None
    labels: list[str]
    trace_id: str | None
    status: Literal["linked", "pending"]


class FeedbackCounts(BaseModel):
    """Thumbs up, thumbs down, and words on it of any name."""

    up: int
    down: int
    count: int


class _TraceFields(BaseModel):
    id: str
    project_id: str
    key_id: str
    otel_trace_id: str | None
    otel_span_id: str | None
    otel_parent_span_id: str | None
    session_id: str | None
    user_id: str | None
    app: str | None
    started_at: Time
    provider: str
    route: str | None
    operation: str
    method: str
    path: str
    model: str | None
    response_model: str | None
    response_id: str | None
    request_id: str | None
    client_request_id: str | None
    status_code: int | None
    failed: bool
    error_type: str | None
    error_message: str | None
    outcome: str
    outcome_reason: str | None
    ended: str
    rewrites: list[str]
    attempts: list[dict[str, Any]]
    stream: bool
    latency_ms: float | None
    ttft_ms: float | None
    overhead_ms: float | None
    params: dict[str, Any]
    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    usage_source: str | None
    cost_usd: str | None = Field(description="A decimal number, exact; null where a price or a count is unknown.")
    price_version: str | None
    billed: bool = Field(description="False where another call has already paid for this response.")
    finish_reasons: list[str]
    tags: list[str]
    metadata: dict[str, Any]
    input_preview: str | None
    output_preview: str | None
    session_source: Literal["client", "inferred"] | None
    content_expired_at: Time | None = Field(description="When retention took the content away.")
    names_unchecked: list[str] = Field(description="Languages in it of whose names redaction knows nothing.")


class TraceRow(_TraceFields):
    """A trace in a list: without its messages."""

    feedback: FeedbackCounts


class Trace(_TraceFields):
    """The whole of a trace."""

    input_messages: list[Message]
    output_messages: list[Message]
    tools: list[dict[str, Any]]
    remarks: list[Remark]
    scores: list[dict[str, Any]]
    feedback: list[Feedback]


class Session(BaseModel):
    """The traces of one caller with the same session id, which the client gave or which their history tells."""

    project_id: str
    key_id: str
    session_id: str
    session_source: Literal["client", "inferred"]
    user_id: str | None
    app: str | None
    started_at: Time
    last_started_at: Time
    last_trace_id: str
    traces: int
    errors: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: str | None
    unpriced: int
    input_preview: str | None
    output_preview: str | None


class _Numbers(BaseModel):
    requests: int
    errors: int
    unpriced: int
    uncounted: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: str | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    outcomes: dict[str, int]
    endings: dict[str, int]
    statuses: dict[str, int]


class ModelNumbers(_Numbers):
    """Numbers of one model."""

    provider: str | None
    model: str | None


class StepNumbers(_Numbers):
    """Numbers of one step of time."""

    start: Time


class Stats(_Numbers):
    """Numbers over a time. Sums leave out what is unknown; `unpriced` and `uncounted` say how many calls that is."""

    since: Time
    until: Time
    step_s: int
    by_model: list[ModelNumbers]
    series: list[StepNumbers]


class _Books(BaseModel):
    begun: int
    stored: int
    metadata_only: int
    dropped: int
    in_flight: int
    unaccounted: int
    reasons: dict[str, int]
    ended: dict[str, int]


class CompletenessDay(_Books):
    """The books of one day (UTC); null is what was begun before days were kept."""

    day: str | None


class Completeness(_Books):
    """Where every exchange begun has gone: begun = stored + metadata_only + dropped + in_flight + unaccounted.

    `lag_s` is how long after its end an exchange was stored, or has been waiting since.
    """

    lag_s: float
    days: list[CompletenessDay]


class ProofFinding(BaseModel):
    """A kind of personal data, and the place where it was found or was not replaced."""

    kind: str
    place: str


class Proof(BaseModel):
    """A canary's way through the system: the kinds it carried, and how many bytes of each place were searched for it.

    `holds` where `found` is empty.
    """

    number: int
    at: Time
    profile: str
    holds: bool
    kinds: list[str]
    places: dict[str, int]
    found: list[ProofFinding]
    bytes_searched: int


class Erased(BaseModel):
    """How many traces were erased at once. More may follow within the hour: what was still on its way."""

    traces: int


class Rescrub(BaseModel):
    """How far what was stored before a rule has been redacted again by it.

    `stage` is what is being read: messages, traces, feedback, or done. `passes` is how often all was read: from the
    first one on, nothing that was stored before the rule holds the value. The counts are of rows changed.
    """

    stage: str
    passes: int
    messages: int
    traces: int
    feedback: int
    finished_at: Time | None


class TaughtRule(BaseModel):
    """What a reviewer taught redaction. Of a missed value nobody can tell the text, and `words` says how many it has.

    `text` is a pattern, or a text that is no personal data. `rescrub` is null where nothing stored is to change.
    """

    id: str
    project_id: str
    kind: Literal["missed", "pattern", "wrong"]
    entity: str
    words: int
    text: str | None
    created_at: Time
    created_by: str
    rescrub: Rescrub | None


class RuleList(BaseModel):
    """The rules in force of a project, the newest first."""

    data: list[TaughtRule]


class RuleAdded(BaseModel):
    """The rule (null in a dry run), and how many stored messages, traces and feedback hold what it is about.

    `complete` is false where there was more to count than time.
    """

    rule: TaughtRule | None
    messages: int
    traces: int
    feedback: int
    complete: bool


class ResidualRate(BaseModel):
    """What redaction missed of a kind, or of any (null), in messages in a language, or in any (null).

    Of `messages` that were read again, `missed_in` so many hold a suspected or confirmed miss. That is `per_1000`, with
    a 95 % interval from `low` to `high` (Wilson's). `open`, `missed` and `fine` count the misses, as reviewers judged
    them; fine ones are taken out.
    """

    entity: str | None
    language: str | None
    messages: int
    missed_in: int
    per_1000: float | None
    low: float
    high: float
    open: int
    missed: int
    fine: int


class Residuals(BaseModel):
    """How much redaction misses, by a sample of messages that the profile `strict` read again after their redaction.

    `share` is how large the sample is now, `sampled` how many messages were read, `since` when the first of them came.
    `names_unchecked` counts traces by languages in them of whose names redaction knows nothing.
    """

    share: float
    sampled: int
    since: Time | None
    data: list[ResidualRate]
    names_unchecked: dict[str, int]


class ResidualMiss(BaseModel):
    """What redaction may have missed: `text` in the redacted text, with what stands around it.

    The three are null where the text was redacted again since, or has expired.
    """

    id: int
    trace_id: str
    project_id: str
    at: Time
    profile: str
    language: str
    entity: str
    before: str | None
    text: str | None
    after: str | None
    verdict: Literal["missed", "fine"] | None
    judged_at: Time | None
    judged_by: str | None


class AuditEntry(BaseModel):
    """Something done to the records. `subject` is a keyed hash of the id that it was about, or empty."""

    number: int
    at: Time
    project_id: str
    actor: str
    action: str
    subject: str
    traces: int
    detail: dict[str, Any]
