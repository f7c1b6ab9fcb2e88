import gzip

import msgspec
import pytest

from transom.capture.assemble import assemble
from transom.types import Attempt, Ended, Operation

PATH = "/v1/chat/completions"
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
REPLY = {"id": "c1", "model": "gpt-4o", "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}


def test_what_the_gateway_knew_is_kept(make_capture):
    capture = make_capture(
        "/openai/v1/chat/completions",
        ASK,
        REPLY,
        query="a=b",
        route="fast",
        rewrites=["alias"],
        attempts=[Attempt(provider="openai", status=200, error=None, duration_ms=3.0)],
        request_headers=[("x-transom-session", "s")],
        response_headers=[("x-request-id", "req_1")],
    )
    exchange = assemble(capture)
    for field in ("id", "project_id", "key_id", "started_at", "ended", "provider", "method", "query", "route"):
        assert getattr(exchange, field) == getattr(capture, field), field
    assert (exchange.rewrites, exchange.attempts) == (capture.rewrites, capture.attempts)
    assert (exchange.latency_ms, exchange.ttft_ms, exchange.overhead_ms) == (5.0, 1.0, 0.2)
    assert exchange.path == "/openai/v1/chat/completions"
    assert (exchange.request_id, exchange.session_id, exchange.status_code) == ("req_1", "s", 200)
    assert exchange.otel_span_id == capture.otel_span_id


def test_encoded_bodies(read):
    packed = gzip.compress(msgspec.json.encode(REPLY))
    exchange = read(PATH, ASK, packed, response_headers=[("content-encoding", "gzip")])
    assert exchange.output_messages[0].parts[0]["content"] == "Hello"


def test_content_that_the_gateway_could_not_keep(read):
    exchange = read(PATH, content_lost="spool_full", requested_model="gpt-4o")
    assert (exchange.content_lost, exchange.model, exchange.operation) == ("spool_full", "gpt-4o", Operation.CHAT)


def test_an_unknown_operation_is_metadata_only(read):
    exchange = read("/v1/audio/speech", {"input": "Hi"}, b"RIFF", request_headers=[("x-transom-user", "u")])
    assert (exchange.content_lost, exchange.user_id) == ("unknown_operation", "u")
    assert exchange.input_messages == []


@pytest.mark.parametrize("reply", [b"<html>", b'"text"', b"\x00\xff"])
def test_a_whole_reply_that_can_not_be_read(read, reply):
    exchange = read(PATH, ASK, reply)
    assert (exchange.content_lost, exchange.model, exchange.input_messages) == ("unreadable_body", "gpt-4o", [])


def test_a_request_that_can_not_be_read_still_has_its_reply_counted(read):
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    exchange = read(PATH, b"{not json", REPLY | {"usage": usage}, requested_model="gpt-4o")
    assert (exchange.content_lost, exchange.usage.input_tokens, exchange.model) == ("unreadable_body", 1, "gpt-4o")
    assert (exchange.output_messages, exchange.error_message) == ([], None)


def test_a_broken_reply_keeps_the_request(read):
    exchange = read(PATH, ASK, b'{"id": "c1", "cho', ended=Ended.CLIENT_LEFT)
    assert (exchange.content_lost, len(exchange.input_messages), exchange.output_messages) == (None, 1, [])


def test_an_error_page_keeps_the_request(read):
    exchange = read(PATH, ASK, b"<html>Bad gateway</html>", status=502)
    assert (exchange.content_lost, len(exchange.input_messages), exchange.error_type) == (None, 1, "http_502")


def test_errors_of_the_gateway_itself(read):
    refused = read(PATH, ASK, {"error": {"type": "x", "message": "m"}}, status=502, error="upstream_timeout")
    assert (refused.error_type, refused.error_message) == ("upstream_timeout", "m")
    gone = read(PATH, ASK, status=None, ended=Ended.UPSTREAM_FAILED)
    assert (gone.error_type, gone.status_code, len(gone.input_messages)) == ("upstream_failed", None, 1)


def test_the_content_type_of_a_stream_may_be_wrong(read):
    body = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    for kind in ("application/json", "text/event-stream"):
        exchange = read(PATH, ASK, body, response_headers=[("content-type", kind)])
        assert exchange.output_messages[0].parts[0]["content"] == "Hi"
    plain = read(PATH, ASK, REPLY, response_headers=[("content-type", "text/event-stream")])
    assert plain.output_messages[0].parts[0]["content"] == "Hello"


def test_context_given_for_scoring_is_a_message(read):
    exchange = read(PATH, ASK | {"transom": {"context": ["The sky is blue.", {"text": "Grass is green."}]}}, REPLY)
    message = exchange.input_messages[-1]
    assert (message.role, [part["content"] for part in message.parts]) == (
        "context",
        ["The sky is blue.", "Grass is green."],
    )


def test_models_have_no_content(read):
    exchange = read("/v1/models", b"", {"data": [{"id": "gpt-4o"}]}, method="GET")
    assert (exchange.operation, exchange.content_lost, exchange.output_messages) == (Operation.MODELS, None, [])


def test_lone_surrogates_and_nan_are_read(read):
    body = b'{"model": "m", "temperature": NaN, "messages": [{"role": "user", "content": "\\ud800"}]}'
    exchange = read(PATH, body, REPLY)
    assert exchange.input_messages[0].parts[0]["content"] == "\ud800"


def test_deep_nesting_is_unreadable(read):
    assert read(PATH, b'{"messages":' + b"[" * 100_000, REPLY).content_lost == "unreadable_body"


def test_a_decompression_bomb_is_unreadable(read, monkeypatch):
    monkeypatch.setattr("transom.capture.decode.decode.__defaults__", (1000,))
    bomb = gzip.compress(bytes(100_000))
    exchange = read(PATH, ASK, bomb, response_headers=[("content-encoding", "gzip")])
    assert exchange.content_lost == "unreadable_body"


def test_the_deployment_of_azure_is_the_model(read):
    exchange = read("/azure/openai/deployments/prod/chat/completions", ASK, REPLY, requested_model="gpt-4o")
    assert (exchange.model, exchange.response_model) == ("prod", "gpt-4o")
