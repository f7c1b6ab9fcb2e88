"""Exchanges to record: texts that nobody has sent before, and conversations that resend their history."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transom.capture.exchange import Capture
from transom.types import Ended, uuid7

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "pii" / "presidio_research_synth_v2.json"
PROMPT_CHARS, ANSWER_CHARS = 2700, 1400
"""Of a new exchange: 4 KB in all."""
QUESTION_CHARS, REPLY_CHARS = 300, 700
"""Of a turn of a conversation."""
TURNS = 16
SYSTEM = "You are a helpful assistant of a furniture shop. Be brief, be kind, and never promise a delivery date. " * 8


def sentences() -> list[str]:
    """Sentences with the personal data of synthetic people in about every one."""
    return [row["full_text"].strip() for row in json.loads(CORPUS.read_text())]


class Writer:
    """Makes new texts by mixing sentences and numbering them."""

    def __init__(self, seed: int) -> None:
        self._chance, self._sentences, self._count = random.Random(seed), sentences(), 0

    def text(self, chars: int) -> str:
        """A text of about that many characters that was never there before."""
        parts: list[str] = []
        while sum(map(len, parts)) < chars:
            self._count += 1
            parts.append(f"Item {self._count}: {self._chance.choice(self._sentences)}")
        return "\n".join(parts)


def fresh(number: int, seed: int) -> Iterator[Capture]:
    """One question and answer each, all of it new."""
    writer = Writer(seed)
    for _ in range(number):
        messages = [{"role": "user", "content": writer.text(PROMPT_CHARS)}]
        yield capture(messages, writer.text(ANSWER_CHARS))


def sessions(number: int, seed: int) -> Iterator[Capture]:
    """Conversations of 16 turns with a system prompt; each turn sends all of it again. A hundred run side by side."""
    writer, chance = Writer(seed), random.Random(seed)
    running: list[list[dict[str, str]]] = []
    for _ in range(number):
        if len(running) < 100:
            running.append([{"role": "system", "content": SYSTEM}])
        messages = chance.choice(running)
        messages.append({"role": "user", "content": writer.text(QUESTION_CHARS)})
        answer = writer.text(REPLY_CHARS)
        yield capture(messages, answer)
        messages.append({"role": "assistant", "content": answer})
        if len(messages) > 2 * TURNS:
            running.remove(messages)


def capture(messages: list[dict[str, str]], answer: str) -> Capture:
    """What the gateway would have seen."""
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 400, "completion_tokens": 200, "total_tokens": 600}
    reply: dict[str, Any] = {"id": f"chatcmpl-{uuid7()}", "object": "chat.completion", "model": "gpt-4o-mini"}
    reply |= {"choices": [choice], "usage": usage}
    return Capture(
        id=(ident := uuid7()),
        project_id="default",
        key_id="k_1",
        started_at=int(ident.replace("-", "")[:12], 16) * 10**6,
        method="POST",
        path="/v1/chat/completions",
        query="",
        provider="openai",
        route=None,
        otel_span_id="1" * 16,
        request_headers=[("content-type", "application/json")],
        request_body=json.dumps({"model": "gpt-4o-mini", "messages": messages}).encode(),
        status=200,
        response_headers=[("content-type", "application/json")],
        response_body=json.dumps(reply).encode(),
        ended=Ended.COMPLETE,
        latency_ns=10**9,
        ttft_ns=10**8,
        overhead_ns=10**5,
    )
