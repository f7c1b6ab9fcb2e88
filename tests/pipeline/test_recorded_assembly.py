"""Recorded traffic of eight providers, assembled, against what a small reader of its own finds in the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.providers.recorded import FILE, to_capture
from transom.capture.assemble import assemble
from transom.capture.exchange import Exchange
from transom.types import Ended, Operation

FINAL_STATUSES = ("completed", "failed", "cancelled", "expired", "incomplete", "requires_action")

Row = dict[str, Any]


@pytest.fixture(scope="module")
def exchanges() -> list[tuple[Row, Exchange]]:
    """Every recorded row with what became of it."""
    if not FILE.exists():
        pytest.skip("no recorded traffic beside this checkout")
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    return [(row, assemble(to_capture(row))) for row in rows]


# ---------------------------------------------------------------- the reader to compare with


def objects(row: Row) -> list[Any]:
    """The JSON objects of a reply: one, or those of its events or lines, in order."""
    body = row["response_body"]
    try:
        return [json.loads(body)]
    except ValueError:
        lines = [line.removeprefix("data:").strip() for line in body.splitlines() if not line.startswith("event:")]
        return [json.loads(line) for line in lines if line.startswith("{")]


def within(value: Any) -> Iterator[dict[str, Any]]:
    """The object, and those that events wrap a reply in."""
    if isinstance(value, dict):
        yield value
        for key in ("response", "message", "delta", "x_groq"):
            yield from within(value.get(key))


def last_of(row: Row, *names: str) -> Any:
    """The last value under the first of these names that any object of the reply has."""
    for name in names:
        found = [level[name] for each in objects(row) for level in within(each) if level.get(name)]
        if found:
            return found[-1]
    return None


def expected_usage(row: Row) -> tuple[int | None, int | None]:
    """Input and output as the provider has them; Anthropic's input with its cache."""
    usage = last_of(row, "usage") or {}
    if row["host"] == "api.cohere.com":
        tokens = usage.get("tokens") or (last_of(row, "meta") or {}).get("tokens") or {}
        return tokens.get("input_tokens"), tokens.get("output_tokens")
    if row["host"] == "api.anthropic.com":
        started = next(level["usage"] for each in objects(row) for level in within(each) if "usage" in level)
        merged = started | usage
        cached = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        return sum(merged.get(name) or 0 for name in cached), merged["output_tokens"]
    if row["host"] == "127.0.0.1:11434":
        return last_of(row, "prompt_eval_count"), last_of(row, "eval_count")
    return usage.get("prompt_tokens", usage.get("input_tokens")), usage.get(
        "completion_tokens", usage.get("output_tokens")
    )


def expected_finish_reasons(row: Row) -> list[str]:
    by_choice = {
        choice["index"]: choice["finish_reason"]
        for each in objects(row)
        for choice in each.get("choices", [])
        if choice.get("finish_reason")
    }
    if by_choice:
        return [by_choice[index] for index in sorted(by_choice)]
    reason = last_of(row, "stop_reason", "finish_reason", "done_reason")
    status = last_of(row, "status") if "/runs" in row["path"] or "/responses" in row["path"] else None
    return [reason] if reason else [status] if status in FINAL_STATUSES else []


def expected_id(row: Row) -> str | None:
    holders = [level for each in objects(row) for level in (each, each.get("response"), each.get("message"))]
    ids = [holder.get("response_id") or holder.get("id") for holder in holders if isinstance(holder, dict)]
    return next((found for found in reversed(ids) if found), None)


def succeeded(exchanges: list[tuple[Row, Exchange]]) -> Iterator[tuple[Row, Exchange]]:
    return ((row, exchange) for row, exchange in exchanges if row["status"] == 200 and exchange.error_type is None)


def where(row: Row) -> str:
    return f"{row['source']} {row['method']} {row['path']}"


# ---------------------------------------------------------------- the comparison


def test_nothing_is_lost(exchanges: list[tuple[Row, Exchange]]) -> None:
    assert len(exchanges) == 697
    assert [where(row) for row, exchange in exchanges if exchange.content_lost] == []
    assert {exchange.operation for _, exchange in exchanges}.isdisjoint({Operation.OTHER, Operation.MODELS})


def test_models(exchanges: list[tuple[Row, Exchange]]) -> None:
    asked, answered = 0, 0
    for row, exchange in exchanges:
        if row["request_body"] and (model := json.loads(row["request_body"]).get("model")):
            asked += 1
            assert exchange.model == model, where(row)
    for row, exchange in succeeded(exchanges):
        if model := last_of(row, "model"):
            answered += 1
            assert exchange.response_model == model, where(row)
    assert (asked, answered) == (605, 606)


def test_response_ids(exchanges: list[tuple[Row, Exchange]]) -> None:
    compared = 0
    for row, exchange in succeeded(exchanges):
        wanted = expected_id(row)
        if wanted and "/runs" not in row["path"]:
            compared += 1
            assert exchange.response_id == wanted, where(row)
        if "/runs" in row["path"]:
            runs = [each for each in objects(row) if each["object"] == "thread.run"]
            assert exchange.response_id == runs[-1]["id"], where(row)
    assert compared > 550


def test_finish_reasons(exchanges: list[tuple[Row, Exchange]]) -> None:
    compared = 0
    for row, exchange in succeeded(exchanges):
        wanted = expected_finish_reasons(row)
        compared += bool(wanted)
        assert exchange.finish_reasons == wanted, where(row)
    assert compared > 550


def test_usage(exchanges: list[tuple[Row, Exchange]]) -> None:
    compared = 0
    for row, exchange in succeeded(exchanges):
        given, said = expected_usage(row)
        got = (exchange.usage.input_tokens, exchange.usage.output_tokens) if exchange.usage else (None, None)
        if "/embeddings" in row["path"]:
            said = said or got[1]
        assert got == (given, said), where(row)
        if exchange.usage:
            compared += 1
            assert exchange.usage.source == "provider"
    assert compared > 450


def test_cached_and_reasoning_tokens(exchanges: list[tuple[Row, Exchange]]) -> None:
    cached, reasoned = 0, 0
    for row, exchange in succeeded(exchanges):
        usage = last_of(row, "usage") or {}
        details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
        if details.get("cached_tokens") and exchange.usage:
            cached += 1
            assert exchange.usage.cached_input_tokens == details["cached_tokens"], where(row)
        details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
        if details.get("reasoning_tokens") and exchange.usage:
            reasoned += 1
            assert exchange.usage.reasoning_tokens == details["reasoning_tokens"], where(row)
    assert cached > 3
    assert reasoned > 3


def test_every_request_and_reply_has_its_messages(exchanges: list[tuple[Row, Exchange]]) -> None:
    for row, exchange in exchanges:
        spoken = exchange.operation not in (Operation.ASSISTANTS, Operation.EMBEDDINGS)
        if spoken:
            assert exchange.input_messages, where(row)
        answered = row["status"] == 200 and not exchange.error_type and exchange.finish_reasons != ["content_filter"]
        if spoken and answered:
            assert exchange.output_messages, where(row)


def test_streamed_text_is_whole(exchanges: list[tuple[Row, Exchange]]) -> None:
    """Every piece of text in the deltas of chat and text completions is in the message, in order."""
    compared = 0
    for row, exchange in succeeded(exchanges):
        if not row["response_body"].startswith("data:"):
            continue
        choices = [choice for each in objects(row) for choice in each.get("choices", []) if choice["index"] == 0]
        pieces = [(choice.get("delta") or {}).get("content") or choice.get("text") or "" for choice in choices]
        said = [part["content"] for part in exchange.output_messages[0].parts if part["type"] == "text"]
        compared += 1
        assert "".join(said) == "".join(pieces), where(row)
    assert compared > 100


def test_tool_calls_are_there_where_the_reason_says_so(exchanges: list[tuple[Row, Exchange]]) -> None:
    compared = 0
    for row, exchange in succeeded(exchanges):
        if {"tool_calls", "tool_use", "TOOL_CALL", "function_call"} & set(exchange.finish_reasons):
            parts = [part for message in exchange.output_messages for part in message.parts]
            calls = [part for part in parts if part["type"] == "tool_call"]
            compared += 1
            assert calls, where(row)
            assert all(isinstance(call["arguments"], dict) for call in calls), where(row)
    assert compared > 60


def test_failures(exchanges: list[tuple[Row, Exchange]]) -> None:
    failed = [(row, exchange) for row, exchange in exchanges if row["status"] >= 400]
    assert len(failed) == 6
    for row, exchange in failed:
        assert exchange.error_type, where(row)
        assert exchange.error_message, where(row)
        assert exchange.usage is None, where(row)
        assert exchange.output_messages == [], where(row)


def test_a_call_that_broke_off_anywhere_keeps_its_request_and_its_pieces(exchanges: list[tuple[Row, Exchange]]) -> None:
    for row, whole in exchanges:
        body = row["response_body"].encode()
        for cut in (len(body) // 5, len(body) // 2, len(body) - 3):
            torn = msgspec.structs.replace(to_capture(row), response_body=body[: max(cut, 0)], ended=Ended.CLIENT_LEFT)
            broken = assemble(torn)
            assert broken.content_lost is None, where(row)
            assert broken.input_messages == whole.input_messages, where(row)
            assert len(text_of(broken)) <= len(text_of(whole)), where(row)


def text_of(exchange: Exchange) -> str:
    parts = [part for message in exchange.output_messages for part in message.parts]
    return "".join(part["content"] for part in parts if part["type"] == "text")
