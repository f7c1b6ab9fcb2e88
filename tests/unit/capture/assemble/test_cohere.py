from transom.types import Operation, Usage

ASK_V1 = {
    "model": "command-r",
    "preamble": "Be brief.",
    "chat_history": [
        {"role": "USER", "message": "Hi"},
        {"role": "CHATBOT", "message": "Hello", "tool_calls": [{"name": "f", "parameters": {"a": 1}}]},
        {"role": "TOOL", "tool_results": [{"outputs": [{"b": 2}]}]},
    ],
    "documents": [{"title": "T", "snippet": "The sky is blue."}, "plain"],
    "message": "And now?",
    "p": 0.5,
}
REPLY_V1 = {
    "response_id": "r1",
    "generation_id": "g1",
    "text": "Blue.",
    "citations": [{"start": 0, "end": 4}],
    "finish_reason": "COMPLETE",
    "meta": {"billed_units": {"input_tokens": 3.0}, "tokens": {"input_tokens": 30.0, "output_tokens": 2.0}},
}


def test_v1(read):
    exchange = read("/v1/chat", ASK_V1, REPLY_V1)
    assert [m.role for m in exchange.input_messages] == ["system", "user", "assistant", "tool", "context", "user"]
    context = exchange.input_messages[4]
    assert [part["content"] for part in context.parts] == ["T\nThe sky is blue.", "plain"]
    assert exchange.output_messages[0].parts[0] == {"type": "text", "content": "Blue."}
    assert exchange.usage == Usage(input_tokens=30, output_tokens=2, source="provider")
    assert (exchange.response_id, exchange.finish_reasons, exchange.params) == ("r1", ["COMPLETE"], {"top_p": 0.5})


def test_v1_streams_are_json_lines(read):
    def lines(*events):
        return b"\n".join(events)

    start = b'{"event_type": "stream-start", "generation_id": "g1"}'
    text = b'{"event_type": "text-generation", "text": "Bl"}'
    end = b'{"event_type":"stream-end","finish_reason": "COMPLETE", "response": {"response_id": "r1", "text": "Blue"}}'
    whole = read("/v1/chat", ASK_V1, lines(start, text, end))
    assert (whole.response_id, whole.output_messages[0].parts[0]["content"]) == ("r1", "Blue")
    assert whole.finish_reasons == ["COMPLETE"]
    broken = read("/v1/chat", ASK_V1, lines(start, text, b'{"event_ty'))
    assert (broken.response_id, broken.output_messages[0].parts[0]["content"]) == ("g1", "Bl")
    assert broken.stream


def test_v2(read):
    reply = {
        "id": "r2",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Blue."}], "tool_plan": "Look."},
        "finish_reason": "COMPLETE",
        "usage": {"billed_units": {"input_tokens": 3}, "tokens": {"input_tokens": 30, "output_tokens": 2}},
    }
    request = {"messages": [{"role": "user", "content": "Hi"}], "documents": [{"data": {"text": "Sky"}, "id": "1"}]}
    exchange = read("/v2/chat", request, reply)
    assert [part["type"] for part in exchange.output_messages[0].parts] == ["reasoning", "text"]
    assert exchange.usage == Usage(input_tokens=30, output_tokens=2, source="provider")
    assert exchange.input_messages[1].parts == [{"type": "text", "content": "Sky"}]


def test_v2_stream(stream):
    def event(kind, message, index=0):
        return {"type": kind, "index": index, "delta": {"message": message}}

    def call(**function):
        return {"tool_calls": {"function": function}}

    exchange = stream(
        "/v2/chat",
        {"messages": [{"role": "user", "content": "Hi"}], "stream": True},
        {"type": "message-start", "id": "r2", "delta": {"message": {"role": "assistant", "content": []}}},
        event("tool-plan-delta", {"tool_plan": "Look"}),
        event("tool-plan-delta", {"tool_plan": " up."}),
        event("tool-call-start", {"tool_calls": {"id": "c1", "function": {"name": "f", "arguments": ""}}}),
        event("tool-call-delta", call(arguments='{"a":')),
        event("tool-call-delta", call(arguments="1}")),
        event("content-start", {"content": {"type": "text", "text": ""}}),
        event("content-delta", {"content": {"text": "Bl"}}),
        event("content-delta", {"content": {"text": "ue"}}),
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 3}}}},
    )
    assert exchange.output_messages[0].parts == [
        {"type": "reasoning", "content": "Look up."},
        {"type": "text", "content": "Blue"},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}},
    ]
    assert (exchange.response_id, exchange.finish_reasons, exchange.usage.input_tokens) == ("r2", ["TOOL_CALL"], 3)


def test_rerank_keeps_order_and_scores(read):
    reply = {
        "id": "k1",
        "results": [{"index": 1, "relevance_score": 0.9, "document": {"text": "b"}}, {"index": 0}],
        "meta": {"billed_units": {"search_units": 1}},
    }
    exchange = read("/v2/rerank", {"query": "q", "documents": ["a", {"text": "b"}]}, reply)
    assert exchange.operation is Operation.RERANK
    assert [(m.role, len(m.parts)) for m in exchange.input_messages] == [("user", 1), ("context", 2)]
    assert exchange.output_messages[0].parts[0]["content"] == {
        "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": None}]
    }
    assert exchange.usage is None
