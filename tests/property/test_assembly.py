"""Whatever a client or a provider sends, a capture becomes an exchange, and by design rather than by the last net."""

import gzip
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from transom.capture.assemble import assemble
from transom.capture.exchange import Capture
from transom.capture.operation import classify
from transom.types import Ended
from transom.usage.tokens import count

ENDPOINTS = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses/resp_1"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/chat"),
    ("POST", "/v2/chat"),
    ("POST", "/v2/rerank"),
    ("POST", "/api/chat"),
    ("POST", "/api/generate"),
    ("POST", "/v1/threads/t/runs"),
    ("GET", "/v1/threads/t/messages"),
    ("POST", "/v1/images/generations"),
    ("GET", "/v1/models"),
    ("PUT", "/anything"),
]
NAMES = """
    id object type role content text model messages choices index delta message finish_reason tool_calls function name
    arguments function_call refusal reasoning audio data transcript usage prompt_tokens completion_tokens input_tokens
    output_tokens prompt_tokens_details cached_tokens x_groq error code status detail msg input instructions output
    item output_index content_index response summary call_id incomplete_details reason content_block partial_json
    thinking stop_reason system source media_type input_schema tools metadata user session_id transom context documents
    prompt suffix chat_history tool_results parameters event_type generation_id meta tokens billed_units citations
    tool_plan results relevance_score query images done_reason eval_count options thread additional_messages
    tool_outputs required_action submit_tool_outputs step_details steps last_error b64_json url revised_prompt
    image_url input_audio file annotations p k stop tool_choice reasoning_effort value stream
"""
VALUES = """
    assistant user system tool text output_text image_url input_audio document tool_use tool_result thinking refusal
    message function_call function_call_output reasoning image_generation_call message_start content_block_start
    content_block_delta message_delta error response.completed response.created response.output_item.added
    response.output_text.delta response.function_call_arguments.delta response.reasoning_summary_text.delta
    message-start content-delta tool-call-start tool-call-delta message-end stream-start text-generation stream-end
    thread.run thread.message thread.message.delta thread.run.step assistant base64 url completed queued {}
"""
MEMBERS, WORDS = st.sampled_from(NAMES.split()), st.sampled_from(["", *VALUES.split()])

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBERS, inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.dictionaries(MEMBERS, JSON, max_size=8)


def lines(events: list[Any]) -> bytes:
    return b"\n".join(map(msgspec.json.encode, events))


def sse(events: list[Any]) -> bytes:
    return b"".join(b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n" for event in events)


BODIES = (
    st.binary(max_size=60)
    | OBJECTS.map(msgspec.json.encode)
    | st.lists(OBJECTS, max_size=5).map(lines)
    | st.lists(OBJECTS, max_size=5).map(sse)
    | OBJECTS.map(lambda value: gzip.compress(msgspec.json.encode(value)))
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["content-type", "content-encoding", "traceparent", "x-transom-tags", "x-transom-metadata", "x-request-id"]
        ),
        st.sampled_from(["gzip", "br", "zstd, deflate", "text/event-stream", '{"a": 1}', "[", ",", ""])
        | st.text(st.characters(max_codepoint=255), max_size=8),
    ),
    max_size=3,
)
CAPTURES = st.builds(
    lambda endpoint, request, response, status, ended, given_headers, sent_headers: Capture(
        id="01980000-0000-7000-8000-000000000001",
        project_id="default",
        key_id="anonymous",
        started_at=1,
        method=endpoint[0],
        path=endpoint[1],
        query="",
        provider="openai",
        route=None,
        otel_span_id="00f067aa0ba902b7",
        request_headers=given_headers,
        request_body=request,
        status=status,
        response_headers=sent_headers,
        response_body=response,
        ended=ended,
        latency_ns=1,
        ttft_ns=None,
        overhead_ns=1,
    ),
    st.sampled_from(ENDPOINTS),
    BODIES,
    BODIES,
    st.sampled_from([200, 200, 400, 500, None]),
    st.sampled_from(Ended),
    HEADERS,
    HEADERS,
)
PART_TYPES = {"text", "reasoning", "refusal", "tool_call", "tool_call_response", "blob", "uri", "other"}


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CAPTURES)
def test_any_capture_becomes_an_exchange(capture: Capture) -> None:
    with capture_logs() as logs:
        exchange = assemble(capture)
    assert logs == []
    assert (exchange.id, exchange.status_code, exchange.ended) == (capture.id, capture.status, capture.ended)
    for message in exchange.input_messages + exchange.output_messages:
        assert {part["type"] for part in message.parts} <= PART_TYPES
        for part in message.parts:
            assert part["type"] not in ("text", "reasoning", "refusal") or isinstance(part["content"], str)
    if exchange.content_lost:
        assert exchange.input_messages == exchange.output_messages == exchange.tools == []
        assert exchange.error_message is None
    usage = count(exchange)
    assert all(number is None or number >= 0 for number in (usage.input_tokens, usage.output_tokens))


@given(st.text(), st.text(), st.text())
def test_any_path_has_a_template_without_its_words(method: str, path: str, provider: str) -> None:
    endpoint = classify(method, path, provider)
    assert endpoint.path.startswith("/")
    assert classify(method, f"/v1/{path.replace('/', '')}x", "").path in ("/v1/{id}", "/v1")
