"""Recorded traffic with providers, understood as the product understands it; from `../shared/recorded`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from transom.capture.assemble import assemble
from transom.capture.exchange import Capture, Exchange, Message
from transom.types import Ended, uuid7

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "provider_traffic.jsonl"
"""Test cassettes of https://github.com/traceloop/openllmetry (Apache 2.0)."""

PROVIDERS = {"api.anthropic.com": "anthropic", "api.cohere.com": "cohere", "127.0.0.1:11434": "ollama"}
TEXTUAL = {"text", "reasoning", "refusal", "tool_call", "tool_call_response"}


@cache
def conversations() -> list[list[Message]]:
    """The messages of each exchange, no two alike; of those that are made of text and tools alone."""
    rows = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    exchanges = [assemble(_capture(row)) for row in rows]
    told = {_identity(one): one.input_messages + one.output_messages for one in exchanges if _is_textual(one)}
    return list(told.values())


def texts() -> list[str]:
    """The texts of all of them, no two alike."""
    contents = (
        part["content"] for one in conversations() for message in one for part in message.parts if "content" in part
    )
    return list(dict.fromkeys(content for content in contents if isinstance(content, str)))


def _identity(one: Exchange) -> str:
    return json.dumps([message.parts for message in one.input_messages])


def _is_textual(one: Exchange) -> bool:
    messages = one.input_messages + one.output_messages
    return bool(one.input_messages) and all(part["type"] in TEXTUAL for message in messages for part in message.parts)


def _capture(row: dict[str, Any]) -> Capture:
    path, _, query = row["path"].partition("?")
    return Capture(
        id=uuid7(),
        project_id="default",
        key_id="k_1",
        started_at=1,
        method=row["method"],
        path=path,
        query=query,
        provider=PROVIDERS.get(row["host"], "openai"),
        route=None,
        otel_span_id="1" * 16,
        request_headers=list(row["request_headers"].items()),
        request_body=row["request_body"].encode(),
        status=row["status"],
        response_headers=list(row["response_headers"].items()),
        response_body=row["response_body"].encode(),
        ended=Ended.COMPLETE,
        latency_ns=1,
        ttft_ns=1,
        overhead_ns=1,
    )
