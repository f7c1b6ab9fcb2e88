from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from transom.capture.assemble import assemble
from transom.capture.exchange import Capture, Exchange
from transom.types import Ended

MakeCapture = Callable[..., Capture]


def sse(*events: Any) -> bytes:
    """A stream of JSON events, ended as OpenAI ends them."""
    return b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events) + b"data: [DONE]\n\n"


def _body(value: Any) -> bytes:
    return value if isinstance(value, bytes) else msgspec.json.encode(value)


@pytest.fixture
def make_capture() -> MakeCapture:
    """Builds a capture; bodies may be given as JSON values."""

    def make(path: str = "/v1/chat/completions", request: Any = b"", response: Any = b"", **fields: Any) -> Capture:
        capture = Capture(
            id="01980000-0000-7000-8000-000000000001",
            project_id="default",
            key_id="anonymous",
            started_at=1,
            method="POST",
            path=path,
            query="",
            provider="openai",
            route=None,
            otel_span_id="00f067aa0ba902b7",
            request_headers=[],
            request_body=_body(request),
            status=200,
            response_headers=[],
            response_body=_body(response),
            ended=Ended.COMPLETE,
            latency_ns=5_000_000,
            ttft_ns=1_000_000,
            overhead_ns=200_000,
        )
        return msgspec.structs.replace(capture, **fields)

    return make


@pytest.fixture
def read(make_capture: MakeCapture) -> Callable[..., Exchange]:
    """`make_capture`, assembled."""
    return lambda *args, **fields: assemble(make_capture(*args, **fields))


@pytest.fixture
def stream(read: Callable[..., Exchange]) -> Callable[..., Exchange]:
    """An exchange whose reply is a stream of the given events."""
    return lambda path, request, *events, **fields: read(path, request, sse(*events), **fields)
