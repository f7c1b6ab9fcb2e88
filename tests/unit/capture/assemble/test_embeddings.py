import msgspec
import pytest

from transom.types import Operation


@pytest.mark.parametrize("given", ["Hello", ["Hello"]])
def test_inputs_are_kept_and_vectors_are_not(read, given):
    reply = {
        "data": [{"embedding": [0.125, 0.25], "index": 0}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
    exchange = read("/v1/embeddings", {"model": "text-embedding-3-small", "input": given, "dimensions": 2}, reply)
    assert exchange.input_messages[0].parts == [{"type": "text", "content": "Hello"}]
    assert exchange.output_messages == []
    assert (exchange.usage.input_tokens, exchange.usage.output_tokens) == (1, None)
    assert exchange.params == {"dimensions": 2}
    assert b"0.125" not in msgspec.json.encode(exchange)


def test_cohere_and_ollama(read):
    cohere = read("/v2/embed", {"texts": ["a", "b"]}, {"id": "e1", "meta": {"billed_units": {"input_tokens": 4}}})
    assert (len(cohere.input_messages[0].parts), cohere.usage.input_tokens, cohere.response_id) == (2, 4, "e1")
    ollama = read("/api/embed", {"input": "a"}, {"model": "nomic", "embeddings": [[1.0]], "prompt_eval_count": 3})
    assert (ollama.operation, ollama.usage.input_tokens) == (Operation.EMBEDDINGS, 3)


def test_tokens_are_counted_and_not_kept(read):
    exchange = read("/v1/embeddings", {"input": [11, 12, 13]}, {"data": []})
    assert exchange.input_messages[0].parts == [{"type": "other", "content": {"token_count": 3}}]
