"""The two raw shapes of a call. Both live in memory only, show no content in their repr and carry no credentials."""

from __future__ import annotations

from typing import Literal

import msgspec

from transom.types import Attempt, Ended, Json, Operation, Usage

Headers = list[tuple[str, str]]
"""Header names in lower case, with their values, in the order they came."""


class Capture(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What the gateway saw of one exchange: the payload of a spool record.

    Bodies are as they travelled (still compressed if the provider compressed them). `request_headers` and
    `response_headers` hold only the allow-listed ones. Times are Unix nanoseconds; `ttft_ns`, `latency_ns` and
    `overhead_ns` are durations. `content_lost` is set (and the bodies are empty) where content could not be kept.
    `error` is the `type` of Transom's own error where it answered instead of the provider.
    """

    id: str
    project_id: str
    key_id: str
    started_at: int
    method: str
    path: str
    query: str
    provider: str
    route: str | None
    otel_span_id: str
    request_headers: Headers
    request_body: bytes
    status: int | None
    response_headers: Headers
    response_body: bytes
    ended: Ended
    latency_ns: int
    ttft_ns: int | None
    overhead_ns: int
    rewrites: list[str] = []
    attempts: list[Attempt] = []
    error: str | None = None
    content_lost: str | None = None
    requested_model: str | None = None

    def __repr__(self) -> str:
        sizes = f"{len(self.request_body)} B in, {len(self.response_body)} B out"
        return f"<Capture {self.id} {self.status} {self.ended} {sizes}>"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One raw message, in the shape of OpenTelemetry GenAI messages.

    `parts` are dicts with a `type`:
    `{"type": "text" | "reasoning" | "refusal", "content": str}`,
    `{"type": "tool_call", "id": str | None, "name": str, "arguments": Json}` (parsed if valid JSON, else the str),
    `{"type": "tool_call_response", "id": str | None, "response": Json}`,
    `{"type": "blob", "modality": "image" | "audio" | "file", "mime_type": str | None, "content": base64 str}`,
    `{"type": "uri", "modality": str, "uri": str}`,
    `{"type": "other", "content": Json}` for anything a provider invents.
    """

    role: str
    parts: list[dict[str, Json]]
    name: str | None = None
    finish_reason: str | None = None

    def __repr__(self) -> str:
        return f"<Message {self.role} {len(self.parts)} parts>"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One call, understood: who asked what model for what, what came back, and what the provider says it used.

    `content_lost` names why there are no messages, where there are none to keep (`unknown_operation`,
    `unreadable_body`, `spool_full`, …). `usage` is the provider's own report and None where it gave none. `params` are
    the sampling and format settings of the request. All else is as in `transom.types.RedactedExchange`, unredacted.
    """

    id: str
    project_id: str
    key_id: str
    started_at: int
    ended: Ended
    provider: str
    operation: Operation
    method: str
    path: str
    query: str = ""
    route: str | None = None
    otel_trace_id: str | None = None
    otel_span_id: str | None = None
    otel_parent_span_id: str | None = None
    session_id: str | None = None
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
    input_messages: list[Message] = []
    output_messages: list[Message] = []
    tools: list[dict[str, Json]] = []
    finish_reasons: list[str] = []
    usage: Usage | None = None
    service_tier: str | None = None
    content_lost: str | None = None

    def __repr__(self) -> str:
        return f"<Exchange {self.id} {self.operation} {self.status_code} {self.ended}>"


class RawFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """A person's or an app's word on a response or a session, as it was sent: the payload of a feedback record.

    `target_id` is whatever id the caller knew: completion id, trace id, `x-request-id` or its own `X-Request-Id`; or a
    session id. `author` is the `user` of the body, else the `key_id`.
    """

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

    def __repr__(self) -> str:
        return f"<RawFeedback {self.id} on a {self.target}>"
