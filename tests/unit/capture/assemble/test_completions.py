PATH = "/v1/completions"


def test_a_whole_call(read):
    reply = {
        "id": "cmpl-1",
        "model": "davinci-002",
        "choices": [{"index": 0, "text": " world", "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }
    exchange = read(PATH, {"model": "davinci-002", "prompt": ["Hello", "Bye"], "stop": ["."]}, reply)
    assert [part["content"] for part in exchange.input_messages[0].parts] == ["Hello", "Bye"]
    assert exchange.output_messages[0].parts == [{"type": "text", "content": " world"}]
    assert (exchange.finish_reasons, exchange.response_id, exchange.params) == (["length"], "cmpl-1", {"stop": ["."]})
    assert exchange.usage.output_tokens == 1


def test_a_stream_of_several_choices(stream):
    chunks = [
        {"id": "cmpl-1", "choices": [{"index": index, "text": words, "finish_reason": finish}], "usage": None}
        for index, words, finish in [(0, "a", None), (1, "x", None), (0, "b", "stop"), (1, "y", "length")]
    ]
    exchange = stream(PATH, {"prompt": "Hello"}, *chunks)
    assert [m.parts[0]["content"] for m in exchange.output_messages] == ["ab", "xy"]
    assert exchange.finish_reasons == ["stop", "length"]


def test_token_ids_are_counted_and_not_kept(read):
    exchange = read(PATH, {"prompt": [[1, 2, 3], [4]]}, {"choices": []})
    assert [part["content"] for part in exchange.input_messages[0].parts] == [{"token_count": 3}, {"token_count": 1}]


def test_fill_in_the_middle_answers_with_messages(read):
    reply = {"choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]}
    exchange = read("/v1/fim/completions", {"prompt": "def f():", "suffix": "return x"}, reply)
    assert exchange.output_messages[0].parts[0]["content"] == "x"
    assert len(exchange.input_messages[0].parts) == 2
