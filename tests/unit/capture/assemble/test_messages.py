from transom.types import Ended, Usage

PATH = "/v1/messages"
ASK = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "model": "claude-sonnet-4-5-20250929",
        "role": "assistant",
        "content": [],
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3000,
            "output_tokens": 2,
            "service_tier": "standard",
        },
    },
}


def test_a_whole_call(read):
    request = ASK | {
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "metadata": {"user_id": "u1"},
        "top_k": 5,
        "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}, {"type": "bash_20250124"}],
    }
    reply = {
        "id": "msg_1",
        "model": "claude-sonnet-4-5-20250929",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7, "service_tier": "standard"},
    }
    exchange = read(PATH, request, reply)
    assert [(m.role, m.parts[0]["content"]) for m in exchange.input_messages] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]
    assert [part["type"] for part in exchange.output_messages[0].parts] == ["reasoning", "text", "tool_call"]
    assert exchange.usage == Usage(input_tokens=15, output_tokens=7, cached_input_tokens=5, source="provider")
    assert (exchange.finish_reasons, exchange.user_id, exchange.service_tier) == (["tool_use"], "u1", "standard")
    assert exchange.params == {
        "max_tokens": 100,
        "top_k": 5,
        "stop": ["END"],
        "thinking": "enabled",
        "thinking_budget_tokens": 1024,
    }
    assert [tool["name"] for tool in exchange.tools] == ["f", "bash_20250124"]


def deltas(index, *pieces):
    return [{"type": "content_block_delta", "index": index, "delta": piece} for piece in pieces]


BLOCKS = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    *deltas(0, {"type": "thinking_delta", "thinking": "Hm"}, {"type": "signature_delta", "signature": "s"}),
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    *deltas(1, {"type": "text_delta", "text": "Hel"}, {"type": "text_delta", "text": "lo"}),
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
    },
    *deltas(
        2, {"type": "input_json_delta", "partial_json": '{"a"'}, {"type": "input_json_delta", "partial_json": ":1}"}
    ),
]


def test_a_stream(stream):
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    exchange = stream(PATH, ASK | {"stream": True}, START, *BLOCKS, end, {"type": "message_stop"})
    assert exchange.output_messages[0].parts == [
        {"type": "reasoning", "content": "Hm"},
        {"type": "text", "content": "Hello"},
        {"type": "tool_call", "id": "t1", "name": "f", "arguments": {"a": 1}},
    ]
    assert exchange.usage == Usage(
        input_tokens=3210, output_tokens=9, cached_input_tokens=3000, cache_write_tokens=200, source="provider"
    )
    assert (exchange.response_id, exchange.finish_reasons) == ("msg_1", ["end_turn"])


def test_the_last_report_of_each_count_stands(stream):
    usage = {"input_tokens": 12, "cache_read_input_tokens": None, "output_tokens": 9}
    exchange = stream(PATH, ASK, START, {"type": "message_delta", "delta": {}, "usage": usage})
    assert (exchange.usage.input_tokens, exchange.usage.cached_input_tokens) == (3212, 3000)


def test_an_interrupted_stream_does_not_claim_the_first_tokens_as_its_output(stream):
    exchange = stream(PATH, ASK, START, *BLOCKS[:6], ended=Ended.CLIENT_LEFT)
    assert exchange.output_messages[0].parts[-1] == {"type": "text", "content": "Hel"}
    assert (exchange.usage.input_tokens, exchange.usage.output_tokens) == (3210, None)


def test_errors(read, stream):
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    for exchange in (read(PATH, ASK, error, status=529), stream(PATH, ASK, START, error)):
        assert (exchange.error_type, exchange.error_message) == ("overloaded_error", "Overloaded")
