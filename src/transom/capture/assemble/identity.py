"""Who called, in which conversation and on whose behalf: from headers first, then from the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

from transom.capture.assemble.values import Body, Unreadable, mapping, parse_json, text
from transom.types import Json

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context §3.2."""

_PROPERTY = "helicone-property-"

By = Mapping[str, str]
"""Header values by lower-case name."""


class Identity(TypedDict):
    """The fields of an Exchange that say who and where."""

    session_id: str | None
    user_id: str | None
    app: str | None
    tags: list[str]
    metadata: dict[str, Json]
    otel_trace_id: str
    otel_parent_span_id: str | None
    client_request_id: str | None


def read_identity(exchange_id: str, headers: By, request: Body) -> Identity:
    """Everything that names the caller's side of an exchange."""
    metadata = mapping(request.get("metadata"))
    trace_id, parent = _read_traceparent(headers)
    return Identity(
        session_id=_header(headers, "x-transom-session", "helicone-session-id")
        or text(metadata.get("session_id"))
        or _conversation(request),
        user_id=_header(headers, "x-transom-user", "helicone-user-id")
        or text(request.get("user"))
        or text(request.get("safety_identifier"))
        or text(metadata.get("user_id")),
        app=_header(headers, "x-transom-app"),
        tags=[tag for each in (_header(headers, "x-transom-tags") or "").split(",") if (tag := each.strip())],
        metadata=metadata | _properties(headers) | _metadata_header(headers),
        otel_trace_id=trace_id or exchange_id.replace("-", ""),
        otel_parent_span_id=parent,
        client_request_id=_header(headers, "x-request-id", "helicone-request-id"),
    )


def _conversation(request: Body) -> str | None:
    """The conversation that the provider keeps: OpenAI's (an id, or an object with one), or Cohere's."""
    kept = request.get("conversation")
    return text(kept) or text(mapping(kept).get("id")) or text(request.get("conversation_id"))


def read_request_id(headers: By) -> str | None:
    """The provider's id of the call."""
    return _header(headers, "x-request-id", "request-id", "apim-request-id")


def _header(headers: By, *names: str) -> str | None:
    return next((_utf8(value) for name in names if (value := headers.get(name))), None)


def _utf8(value: str) -> str:
    """Headers travel as Latin-1; clients that send more than ASCII mean UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _read_traceparent(headers: By) -> tuple[str | None, str | None]:
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip())
    return (match[1], match[2]) if match else (None, None)


def _properties(headers: By) -> Body:
    return {name.removeprefix(_PROPERTY): _utf8(value) for name, value in headers.items() if name.startswith(_PROPERTY)}


def _metadata_header(headers: By) -> Body:
    try:
        return mapping(parse_json(_utf8(headers.get("x-transom-metadata", ""))))
    except Unreadable:
        return {}
