from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest

from transom.capture.exchange import Exchange, Message
from transom.types import Ended, Operation, Usage
from transom.usage import tokens
from transom.usage.tokens import MAX_CHARS, count


def said(role: str, *words: str, **fields: Any) -> Message:
    return Message(role=role, parts=[{"type": "text", "content": word} for word in words], **fields)


def exchange(**fields: Any) -> Exchange:
    defaults: dict[str, Any] = {
        "id": "x",
        "project_id": "default",
        "key_id": "anonymous",
        "started_at": 1,
        "ended": Ended.COMPLETE,
        "provider": "openai",
        "operation": Operation.CHAT,
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": "gpt-3.5-turbo",
        "status_code": 200,
        "input_messages": [said("user", "Tell me a joke about opentelemetry")],
        "output_messages": [said("assistant", "Hello world")],
    }
    return Exchange(**defaults | fields)


REPORTED = Usage(input_tokens=1, output_tokens=2, source="provider")


def test_the_provider_is_believed() -> None:
    assert count(exchange(usage=REPORTED)) is REPORTED


def test_an_estimate_says_that_it_is_one() -> None:
    assert count(exchange()) == Usage(input_tokens=15, output_tokens=2, source="tokenizer")


def test_the_models_own_encoding_is_used() -> None:
    korean = [said("user", "안녕하세요, 만나서 반갑습니다")]
    old = count(exchange(input_messages=korean, model="gpt-4-0613"))
    new = count(exchange(input_messages=korean, model="gpt-4o"))
    assert (old.input_tokens or 0) > (new.input_tokens or 0)


def test_the_model_that_is_known_decides() -> None:
    korean = [said("user", "안녕하세요, 만나서 반갑습니다")]
    plain = count(exchange(input_messages=korean, model="gpt-4"))
    assert count(exchange(input_messages=korean, model="gpt-4", response_model="my-gpt")) == plain
    assert count(exchange(model=None)).source == "tokenizer"


def test_names_tools_and_calls_count() -> None:
    plain = count(exchange()).input_tokens or 0
    assert (count(exchange(input_messages=[said("user", "Hi", name="mary")])).input_tokens or 0) == 4 + 3 + 1 + 1 + 1
    assert (count(exchange(tools=[{"name": "f", "description": "d", "parameters": None}])).input_tokens or 0) > plain
    call = {"type": "tool_call", "id": "c", "name": "weather", "arguments": {"city": "Oslo"}}
    answer = {"type": "tool_call_response", "id": "c", "response": {"sky": "blue"}}
    usage = count(
        exchange(
            input_messages=[Message(role="tool", parts=[answer])],
            output_messages=[Message(role="assistant", parts=[call])],
        )
    )
    assert (usage.input_tokens or 0) > 7
    assert (usage.output_tokens or 0) > 5


def test_embeddings_have_no_framing_and_no_output() -> None:
    embeddings = exchange(operation=Operation.EMBEDDINGS, output_messages=[], model="text-embedding-3-small")
    assert count(embeddings) == Usage(input_tokens=8, source="tokenizer")
    ids = Message(role="user", parts=[{"type": "other", "content": {"token_count": 5}}])
    assert count(msgspec.structs.replace(embeddings, input_messages=[ids])).input_tokens == 5


def test_embeddings_without_reported_output_are_complete() -> None:
    reported = Usage(input_tokens=3, source="provider")
    assert count(exchange(operation=Operation.EMBEDDINGS, usage=reported)) is reported


def test_half_a_report_is_completed() -> None:
    reported = Usage(input_tokens=3000, cached_input_tokens=2000, source="provider")
    usage = count(exchange(usage=reported, ended=Ended.CLIENT_LEFT, operation=Operation.MESSAGES))
    assert usage == Usage(input_tokens=3000, output_tokens=2, cached_input_tokens=2000, source="tokenizer")


def test_context_for_scoring_was_not_sent() -> None:
    asked = exchange().input_messages
    assert count(exchange(input_messages=[*asked, said("context", "long " * 100)])).input_tokens == 15


@pytest.mark.parametrize(
    "fields",
    [
        {"status_code": 400},
        {"status_code": None},
        {"content_lost": "spool_full"},
        {"operation": Operation.IMAGES},
        {"operation": Operation.OTHER},
        {"input_messages": [], "output_messages": []},
    ],
)
def test_what_can_not_be_known_is_unknown(fields: dict[str, Any]) -> None:
    assert count(exchange(**fields)) == Usage()


def test_no_output_seen_is_not_no_output() -> None:
    usage = count(exchange(output_messages=[], ended=Ended.CLIENT_LEFT))
    assert (usage.input_tokens, usage.output_tokens) == (15, None)


def test_pictures_and_unseen_thoughts_are_unknown() -> None:
    picture = Message(role="user", parts=[{"type": "uri", "modality": "image", "uri": "https://x.example"}])
    assert count(exchange(input_messages=[picture])).input_tokens is None
    assert count(exchange(model="gpt-5-nano")).output_tokens is None
    assert count(exchange(model="openai/o3-mini")).output_tokens is None


def test_long_texts_are_not_counted() -> None:
    assert count(exchange(input_messages=[said("user", "x" * (MAX_CHARS + 1))])).input_tokens is None


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(tokens, "_rank_files", lambda: tmp_path)
    tokens._encoding.cache_clear()
    assert count(exchange()) == Usage()
    monkeypatch.setattr(tokens, "_rank_files", lambda: None)
    tokens._encoding.cache_clear()
    assert count(exchange()) == Usage()
    tokens._encoding.cache_clear()


def test_neither_litellm_nor_tiktoken_is_imported_early() -> None:
    script = (
        "import sys, transom.usage.tokens, transom.usage.pricing, transom.capture.assemble\n"
        "import transom.usage.prices_update\n"
        "assert not {'litellm', 'tiktoken', 'sqlalchemy'} & set(sys.modules)\n"
        "assert transom.usage.tokens._encoding('o200k_base').encode_ordinary('hello')\n"
        "assert transom.usage.prices_update.find_source().exists()\n"
        "assert 'litellm' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
