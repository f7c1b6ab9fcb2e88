"""OpenAI's JSON, made of litellm's objects."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from transom.translate.answer import Chunks, completion, usage
from transom.translate.providers import Translation

ANY = Translation("any/", counts_reasoning=True)
REQUEST = {"model": "m"}


class Dumped(SimpleNamespace):
    """As a pydantic model."""

    def model_dump(self, exclude_none: bool = False) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None or not exclude_none}


def counted(prompt: int, completion: int, **details: Any) -> SimpleNamespace:
    return SimpleNamespace(prompt_tokens=prompt, completion_tokens=completion, total_tokens=0, **details)


def call(id: str | None, arguments: str, index: int = 0) -> dict[str, Any]:
    return {"id": id, "index": index, "type": "function", "function": {"name": None, "arguments": arguments}}


def chunk(id: str = "one", finish_reason: str | None = None, used: Any = None, **delta: Any) -> SimpleNamespace:
    choice = SimpleNamespace(index=0, delta=Dumped(**delta), finish_reason=finish_reason)
    return SimpleNamespace(id=id, created=7, model="any/m", choices=[choice], usage=used)


def test_an_answer_has_openais_members_alone():
    message = Dumped(content="hi", role="assistant", thinking_blocks=[], provider_specific_fields={"x": 1}, images=[])
    choice = SimpleNamespace(index=0, message=message, finish_reason="stop")
    found = SimpleNamespace(id="one", created=7, model="any/m", choices=[choice], usage=counted(3, 4))
    assert completion(found, REQUEST, ANY) == {
        "id": "one",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


def test_tool_calls_of_an_answer_have_no_index():
    message = Dumped(content=None, role="assistant", tool_calls=[call("a", "{}")])
    choice = SimpleNamespace(index=0, message=message, finish_reason="tool_calls")
    found = SimpleNamespace(id="one", created=7, model=None, choices=[choice], usage=None)
    told = completion(found, REQUEST, ANY)
    assert "index" not in told["choices"][0]["message"]["tool_calls"][0]
    assert (told["model"], told["usage"]) == ("m", None)


def test_chunks_have_one_id_and_the_model_that_answered():
    chunks = Chunks(REQUEST, ANY, wants_usage=False)
    found = [chunks.chunk(chunk("one", content="a")), chunks.chunk(chunk("other", "stop"))]
    assert [(one and one["id"], one and one["model"]) for one in found] == [("one", "m")] * 2


def test_tool_calls_of_a_stream_are_numbered_as_they_begin():
    chunks = Chunks(REQUEST, ANY, wants_usage=False)
    parts = [call("a", ""), call(None, "{}"), call("b", "", 0), call(None, "{}", 0), call("b", "", 1)]
    found = [chunks.chunk(chunk(tool_calls=[part])) for part in parts]
    assert [one["choices"][0]["delta"]["tool_calls"][0]["index"] for one in found if one] == [0, 0, 1, 1, 1]


def test_usage_comes_last_and_only_if_asked():
    for wanted in (True, False):
        chunks = Chunks(REQUEST, ANY, wants_usage=wanted)
        text, last = chunks.chunk(chunk(content="a")), chunks.chunk(chunk(used=counted(3, 4)))
        assert text
        assert ("usage" in text) is wanted
        assert (last is not None) is wanted
        if last:
            assert (last["choices"], last["usage"]["total_tokens"]) == ([], 7)


def test_tokens_that_nobody_counted_are_unknown():
    assert usage(None, ANY) is None
    assert usage(counted(0, 0), ANY) is None
    assert Chunks(REQUEST, ANY, wants_usage=True).chunk(chunk(used=counted(0, 4))) is None


@pytest.mark.parametrize("counts_reasoning", [True, False])
def test_details_are_the_providers_own(counts_reasoning: bool):
    read = SimpleNamespace(cached_tokens=2, cache_write_tokens=None)
    written = SimpleNamespace(reasoning_tokens=3)
    found = counted(3, 4, prompt_tokens_details=read, completion_tokens_details=written)
    told = usage(found, Translation("any/", counts_reasoning=counts_reasoning))
    assert told
    assert told["prompt_tokens_details"] == {"cached_tokens": 2}
    assert told.get("completion_tokens_details") == ({"reasoning_tokens": 3} if counts_reasoning else None)
