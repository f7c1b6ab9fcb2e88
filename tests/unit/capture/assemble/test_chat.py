import pytest

from transom.types import Ended, Usage

PATH = "/v1/chat/completions"
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}


def chunk(delta, index=0, finish=None, **rest):
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": {"content": [{"token": "x"}]}}
    return {"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "choices": [choice], **rest}


def test_a_whole_call(read):
    request = {
        "model": "gpt-4o",
        "temperature": 0.5,
        "user": "u1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "name": "mary", "content": [{"type": "text", "text": "Hi"}]},
        ],
    }
    reply = {
        "id": "chatcmpl-1",
        "model": "gpt-4o-2024-08-06",
        "service_tier": "default",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "finish_reason": "stop",
            },
            {"index": 1, "message": {"role": "assistant", "content": "Hey"}, "finish_reason": "length"},
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    }
    exchange = read(PATH, request, reply)
    assert [(m.role, m.name, m.parts[0]["content"]) for m in exchange.input_messages] == [
        ("system", None, "Be brief."),
        ("user", "mary", "Hi"),
    ]
    assert [(m.parts[0]["content"], m.finish_reason) for m in exchange.output_messages] == [
        ("Hello", "stop"),
        ("Hey", "length"),
    ]
    assert exchange.finish_reasons == ["stop", "length"]
    assert (exchange.model, exchange.response_model, exchange.response_id) == (
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "chatcmpl-1",
    )
    assert (exchange.user_id, exchange.service_tier, exchange.params) == ("u1", "default", {"temperature": 0.5})
    assert exchange.usage == Usage(
        input_tokens=9, output_tokens=4, cached_input_tokens=2, reasoning_tokens=1, source="provider"
    )
    assert (exchange.stream, exchange.content_lost, exchange.error_type) == (False, None, None)


def test_a_stream_is_folded_into_the_same_call(stream):
    exchange = stream(
        PATH,
        ASK | {"stream": True},
        {"id": "", "model": "", "choices": [], "prompt_filter_results": []},
        chunk({"role": "assistant", "content": ""}, 1),
        chunk({"role": "assistant", "content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({"content": "Hey"}, 1, "length"),
        chunk({}, 0, "stop"),
        {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
    )
    assert [m.parts for m in exchange.output_messages] == [
        [{"type": "text", "content": "Hello"}],
        [{"type": "text", "content": "Hey"}],
    ]
    assert exchange.finish_reasons == ["stop", "length"]
    assert exchange.stream
    assert (exchange.response_id, exchange.response_model) == ("chatcmpl-1", "gpt-4o-2024-08-06")
    assert (exchange.usage.input_tokens, exchange.usage.output_tokens) == (9, 3)


def test_usage_that_comes_with_every_chunk_is_not_added_up(stream):
    reports = [{"prompt_tokens": 5, "completion_tokens": n} for n in (1, 2, 3)]
    exchange = stream(PATH, ASK, *(chunk({"content": "a"}, usage=report) for report in reports))
    assert (exchange.usage.input_tokens, exchange.usage.output_tokens) == (5, 3)


def test_groq_reports_usage_in_a_member_of_its_own(stream):
    exchange = stream(
        PATH, ASK, chunk({"content": "a"}, 0, "stop", x_groq={"usage": {"prompt_tokens": 5, "completion_tokens": 1}})
    )
    assert exchange.usage.input_tokens == 5


def test_parallel_tool_calls_of_a_stream(stream):
    def call(index, **rest):
        return {"tool_calls": [{"index": index, **rest}]}

    exchange = stream(
        PATH,
        ASK,
        chunk(call(0, id="a", type="function", function={"name": "weather", "arguments": ""})),
        chunk(call(1, id="b", type="function", function={"name": "time", "arguments": '{"tz'})),
        chunk(call(0, function={"arguments": '{"city":'})),
        chunk(call(1, function={"arguments": '": 1'})),
        chunk(call(0, function={"arguments": ' "Oslo"}'})),
        chunk({}, 0, "tool_calls"),
    )
    assert exchange.output_messages[0].parts == [
        {"type": "tool_call", "id": "a", "name": "weather", "arguments": {"city": "Oslo"}},
        {"type": "tool_call", "id": "b", "name": "time", "arguments": '{"tz": 1'},
    ]


def test_tool_calls_without_an_index_are_told_apart_by_id(stream):
    exchange = stream(
        PATH,
        ASK,
        chunk({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}),
        chunk({"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": "{}"}}]}),
    )
    assert [part["name"] for part in exchange.output_messages[0].parts] == ["f", "g"]


def test_tools_and_their_answers_in_the_history(read):
    request = {
        "messages": [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
            {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "not json"}},
            {"role": "function", "name": "old", "content": "42"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "x"}}}],
        "functions": [{"name": "old", "parameters": {}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    }
    exchange = read(PATH, request, {"choices": []})
    assert [m.parts[0] for m in exchange.input_messages] == [
        {"type": "tool_call", "id": "a", "name": "f", "arguments": {"x": 1}},
        {"type": "tool_call_response", "id": "a", "response": "sunny"},
        {"type": "tool_call", "id": None, "name": "old", "arguments": "not json"},
        {"type": "tool_call_response", "id": None, "response": "42"},
    ]
    assert [m.role for m in exchange.input_messages] == ["assistant", "tool", "assistant", "tool"]
    assert exchange.tools == [
        {"name": "f", "description": "d", "parameters": {"type": "x"}},
        {"name": "old", "description": None, "parameters": None},
    ]
    assert exchange.params == {"tool_choice": "f"}


def test_refusals_reasoning_and_audio(read):
    message = {
        "role": "assistant",
        "content": None,
        "refusal": "No.",
        "reasoning_content": "Hm.",
        "audio": {"id": "audio_1", "data": "UklG", "transcript": "Hello"},
        "annotations": [{"type": "url_citation"}],
    }
    exchange = read(PATH, ASK, {"choices": [{"message": message, "finish_reason": "stop"}]})
    assert exchange.output_messages[0].parts == [
        {"type": "reasoning", "content": "Hm."},
        {"type": "refusal", "content": "No."},
        {"type": "blob", "modality": "audio", "mime_type": None, "content": "UklG"},
        {"type": "text", "content": "Hello"},
        {"type": "other", "content": {"annotations": [{"type": "url_citation"}]}},
    ]


def test_refusals_reasoning_and_audio_in_a_stream(stream):
    exchange = stream(
        PATH,
        ASK,
        chunk({"reasoning": "H"}),
        chunk({"reasoning": "m"}),
        chunk({"refusal": "N"}),
        chunk({"refusal": "o"}),
        chunk({"audio": {"id": "audio_1", "transcript": "Hel"}}),
        chunk({"audio": {"data": "Ukl", "transcript": "lo"}}),
        chunk({"audio": {"data": "G"}}),
    )
    assert [part["content"] for part in exchange.output_messages[0].parts] == ["Hm", "No", "UklG", "Hello"]


def test_content_that_streams_as_blocks(stream):
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]
    exchange = stream(PATH, ASK, chunk({"content": thinking}), chunk({"content": [{"type": "text", "text": "Hi"}]}))
    assert exchange.output_messages[0].parts == [
        {"type": "reasoning", "content": "Hm"},
        {"type": "text", "content": "Hi"},
    ]


def test_an_interrupted_stream_keeps_what_came(read):
    body = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Once upon"}}]}\n\ndata: {"id":"c","cho'
    exchange = read(PATH, ASK | {"stream": True}, body, ended=Ended.CLIENT_LEFT)
    assert exchange.output_messages[0].parts == [{"type": "text", "content": "Once upon"}]
    assert (exchange.usage, exchange.finish_reasons, exchange.content_lost) == (None, [], None)


def test_an_error_inside_a_stream(stream):
    exchange = stream(PATH, ASK, chunk({"content": "On"}), {"error": {"type": "server_error", "message": "Overloaded"}})
    assert (exchange.error_type, exchange.error_message) == ("server_error", "Overloaded")
    assert exchange.output_messages[0].parts[0]["content"] == "On"


def test_a_stream_that_was_refused_with_json(read):
    reply = {"error": {"message": "No such model", "type": "invalid_request_error", "code": "model_not_found"}}
    exchange = read(PATH, ASK | {"stream": True}, reply, status=404)
    assert (exchange.stream, exchange.error_type) == (True, "invalid_request_error")
    assert exchange.error_message == "No such model"
    assert exchange.output_messages == []
    assert len(exchange.input_messages) == 1


def test_roles_come_from_a_closed_list(read):
    messages = [{"role": role, "content": "x"} for role in ("developer", "Mary Smith", 7)]
    exchange = read(PATH, {"messages": messages}, {"choices": []})
    assert [m.role for m in exchange.input_messages] == ["developer", "other", "assistant"]


@pytest.mark.parametrize("choices", [None, {}, [None], [{"message": "x"}], [{"message": {"content": 7}}], "x"])
def test_replies_of_the_wrong_shape(read, choices):
    exchange = read(PATH, ASK, {"id": 3, "model": [], "choices": choices, "usage": {"prompt_tokens": -1}})
    assert (exchange.content_lost, exchange.usage, exchange.response_id) == (None, None, None)
