import pytest

from transom.types import Usage

PATH = "/v1/responses"

REPLY = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-4.1-2025-04-14",
    "service_tier": "default",
    "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Paris"}]},
        {"type": "web_search_call", "status": "completed"},
        {"type": "image_generation_call", "result": "AAAA"},
    ],
    "usage": {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 6,
        "output_tokens_details": {"reasoning_tokens": 2},
    },
}


def test_a_whole_call(read):
    request = {"model": "gpt-4.1", "instructions": "Be brief.", "input": "Capital of France?", "safety_identifier": "u"}
    exchange = read(PATH, request, REPLY)
    assert [(m.role, m.parts[0]["content"]) for m in exchange.input_messages] == [
        ("system", "Be brief."),
        ("user", "Capital of France?"),
    ]
    assert [m.parts[0] for m in exchange.output_messages] == [
        {"type": "reasoning", "content": "Hm."},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}},
        {"type": "text", "content": "Paris"},
        {"type": "other", "content": {"type": "web_search_call", "status": "completed"}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
    ]
    assert exchange.usage == Usage(
        input_tokens=10, output_tokens=6, cached_input_tokens=4, reasoning_tokens=2, source="provider"
    )
    assert (exchange.finish_reasons, exchange.response_id, exchange.user_id) == (["completed"], "resp_1", "u")


def test_the_response_that_it_follows(read):
    exchange = read(PATH, {"input": "And of Spain?", "previous_response_id": "resp_0"}, REPLY)
    assert (exchange.previous_response_id, exchange.response_id) == ("resp_0", "resp_1")


def test_items_of_the_input(read):
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"content": "no role"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "raw"},
        {"type": "item_reference", "id": "msg_1"},
    ]
    exchange = read(PATH, {"input": items, "prompt": {"id": "p1"}}, {})
    assert [(m.role, m.parts[0]["type"]) for m in exchange.input_messages] == [
        ("system", "other"),
        ("user", "text"),
        ("user", "text"),
        ("assistant", "tool_call"),
        ("tool", "tool_call_response"),
        ("assistant", "tool_call"),
        ("assistant", "other"),
    ]


def test_a_resent_answer_is_the_same_message(read):
    first = read(PATH, {"input": "Hi"}, REPLY)
    second = read(PATH, {"input": REPLY["output"]}, {})
    assert second.input_messages == first.output_messages


def test_the_final_event_of_a_stream_is_the_answer(stream):
    exchange = stream(
        PATH,
        {"input": "Hi", "stream": True},
        {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "ignored"},
        {"type": "response.completed", "response": REPLY},
    )
    assert [m.parts[0]["type"] for m in exchange.output_messages][:3] == ["reasoning", "tool_call", "text"]
    assert (exchange.usage.output_tokens, exchange.finish_reasons) == (6, ["completed"])


def test_a_stream_that_broke_off_is_put_together_from_deltas(stream):
    item = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
    exchange = stream(
        PATH,
        {"input": "Hi", "stream": True},
        {"type": "response.created", "response": {"id": "resp_1", "model": "m", "status": "in_progress", "output": []}},
        {"type": "response.output_item.done", "output_index": 0, "item": REPLY["output"][0]},
        {"type": "response.output_item.added", "output_index": 1, "item": item},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"a":'},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": " 1}"},
        {"type": "response.output_item.added", "output_index": 2, "item": {"type": "message", "content": []}},
        {"type": "response.output_text.delta", "output_index": 2, "content_index": 0, "delta": "Pa"},
        {"type": "response.output_text.delta", "output_index": 2, "content_index": 0, "delta": "ris"},
        {"type": "response.refusal.delta", "output_index": 2, "content_index": 1, "delta": "No"},
    )
    assert [m.parts for m in exchange.output_messages] == [
        [{"type": "reasoning", "content": "Hm."}],
        [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}],
        [{"type": "text", "content": "Paris"}, {"type": "refusal", "content": "No"}],
    ]
    assert (exchange.response_id, exchange.response_model) == ("resp_1", "m")
    assert (exchange.finish_reasons, exchange.usage) == ([], None)


@pytest.mark.parametrize(
    ("reply", "reasons"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, ["max_output_tokens"]),
        ({"status": "queued"}, []),
        ({"status": "cancelled"}, ["cancelled"]),
    ],
)
def test_finish_reasons(read, reply, reasons):
    assert read(PATH, {"input": "Hi"}, reply).finish_reasons == reasons


def test_failures_that_come_with_200(read, stream):
    error = {"code": "rate_limit_exceeded", "message": "Slow down"}
    failed = read(PATH, {"input": "Hi"}, {"status": "failed", "error": error})
    assert (failed.error_type, failed.error_message) == ("rate_limit_exceeded", "Slow down")
    broken = stream(PATH, {"input": "Hi"}, {"type": "error", "code": "server_error", "message": "Oh"})
    assert broken.error_message == "Oh"


def test_a_poll_has_its_usage(read):
    exchange = read("/v1/responses/resp_1", b"", REPLY, method="GET")
    assert (exchange.path, exchange.response_id, exchange.usage.input_tokens) == ("/v1/responses/{id}", "resp_1", 10)
