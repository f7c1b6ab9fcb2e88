from transom.types import Usage


def lines(*objects):
    import msgspec

    return b"\n".join(map(msgspec.json.encode, objects)) + b"\n"


def test_chat_streams_json_lines(read):
    request = {
        "model": "llama3",
        "messages": [{"role": "user", "content": "What is it?", "images": ["AAAA"]}],
        "options": {"temperature": 0, "num_predict": 5},
    }
    body = lines(
        {"model": "llama3", "message": {"role": "assistant", "content": "A ", "thinking": "Hm"}, "done": False},
        {"message": {"content": "cat", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}},
        {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 4, "eval_count": 2},
    )
    exchange = read("/api/chat", request, body, provider="ollama")
    assert exchange.output_messages[0].parts == [
        {"type": "reasoning", "content": "Hm"},
        {"type": "text", "content": "A cat"},
        {"type": "tool_call", "id": None, "name": "f", "arguments": {"a": 1}},
    ]
    assert exchange.input_messages[0].parts[1]["modality"] == "image"
    assert exchange.usage == Usage(input_tokens=4, output_tokens=2, source="provider")
    assert (exchange.stream, exchange.finish_reasons) == (True, ["stop"])
    assert exchange.params == {"temperature": 0, "max_tokens": 5}


def test_a_cached_prompt_is_not_counted_as_none(read):
    reply = {"message": {"role": "assistant", "content": "Hi"}, "done": True, "eval_count": 2}
    exchange = read("/api/chat", {"messages": [], "stream": False}, reply)
    assert exchange.usage == Usage(output_tokens=2, source="provider")


def test_generate(read):
    request = {"model": "llama3", "system": "Be brief.", "prompt": "Hi", "context": [1, 2, 3]}
    whole = read("/api/generate", request, {"response": "Hello", "done_reason": "stop", "context": [1, 2, 3, 4]})
    assert [m.role for m in whole.input_messages] == ["system", "user"]
    assert whole.output_messages[0].parts == [{"type": "text", "content": "Hello"}]
    streamed = read("/api/generate", request, lines({"response": "Hel"}, {"response": "lo", "done_reason": "stop"}))
    assert streamed.output_messages == whole.output_messages


def test_an_error_is_a_string(read):
    exchange = read("/api/chat", {"messages": []}, {"error": "model not found"}, status=404)
    assert (exchange.error_type, exchange.error_message) == ("http_404", "model not found")
