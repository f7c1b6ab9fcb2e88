"""Traces that look like real ones: conversations, tools, redactions, failures, other scripts, hostile text."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, feedback, say, write
from transom.store.positions import PositionAdvance
from transom.store.rows import first_id
from transom.types import (
    DAY_NS,
    Attempt,
    Begun,
    Cost,
    Ended,
    Miss,
    Operation,
    RedactedExchange,
    RedactedMessage,
    Remark,
    Residual,
    Usage,
    metadata_only,
)

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)> & \"quotes\" javascript:alert(1)"
PERSON, OTHER_PERSON = "<PERSON:k7qx>", "<PERSON:m2ab>"

CHAT, TOOLS, FAILED, UNKNOWN, BENGALI, HOSTILE_TRACE, LEFT = range(1, 8)
"""Numbers of the traces that tests open."""

ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}


def remarks(text: str, *found: tuple[str, str]) -> list[Remark]:
    """A remark for each (placeholder, entity) in a message of one text part."""
    return [
        Remark(
            entity=entity,
            start=text.index(placeholder),
            end=text.index(placeholder) + len(placeholder),
            recognizer="test",
            message=0,
            path=[0, "content"],
        )
        for placeholder, entity in found
    ]


def chat() -> list[RedactedMessage]:
    asked = f"Hi, I'm {PERSON}. Please write to {OTHER_PERSON} at <EMAIL_ADDRESS:h3wz> that {PERSON} will be late."
    answer = f"Of course, {PERSON}. Here is a draft:\n\nDear {OTHER_PERSON},\n\n{PERSON} will be ten minutes late."
    found = [(PERSON, "PERSON"), (OTHER_PERSON, "PERSON"), ("<EMAIL_ADDRESS:h3wz>", "EMAIL_ADDRESS")]
    return [
        say("system", "You are a helpful assistant. Keep it short and friendly."),
        say("user", asked, remarks=remarks(asked, *found)),
        say("assistant", answer, remarks=remarks(answer, *found[:2]), finish_reason="stop"),
    ]


def tool_use() -> list[RedactedMessage]:
    def with_parts(role: str, *parts: dict[str, Any]) -> RedactedMessage:
        return RedactedMessage(role=role, parts=list(parts))

    call = {"type": "tool_call", "id": "call_1", "name": "find_order", "arguments": {"order_id": "A-1009"}}
    result = {"status": "shipped", "to": PERSON, "items": [{"name": "Lamp", "price": 39.9}]}
    image = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "A" * 4000}
    return [
        with_parts("user", {"type": "text", "content": "Where is my order A-1009? Here is the receipt."}, image),
        with_parts("assistant", {"type": "reasoning", "content": "I should look the order up before I answer."}, call),
        with_parts("tool", {"type": "tool_call_response", "id": "call_1", "response": result}),
        with_parts(
            "assistant", {"type": "text", "content": f"It is on its way to {PERSON}. " + "It left today. " * 99}
        ),
    ]


async def seed(db: AsyncEngine) -> None:
    """Seven traces to open, and sixty plain ones before them, over the last hours."""
    now = time.time_ns()
    minute = 60 * 10**9
    plain = [_seeded(i - 100, started_at=now - (61 - i) * minute, **_plain(i)) for i in range(60)]
    opened = [*_talks(now), *_failures(now), *_strange(now)]
    said = [
        feedback(opened[0].id, created_at=now, comment="Quick and friendly.", labels=["tone"]),
        feedback(opened[1].id, id="fb_2", created_at=now, score=0.0, author="bob", comment=HOSTILE, correction="Lost."),
        feedback("not-here-yet", id="fb_3", created_at=now),
    ]
    day = now // DAY_NS
    begun = Begun(first_day=day, last_day=day, exchanges={day: 70})
    dropped = {day: {"unreadable": 1}}
    advance = PositionAdvance(writer_id="w1", expected="0", position="1", begun=begun, dropped=dropped)
    await write(db, *plain, *opened, *said, advance=advance)


def _talks(now: int) -> list[RedactedExchange]:
    """A conversation, and one with tools."""
    talk, tools = chat(), tool_use()
    return [
        _seeded(
            CHAT,
            started_at=now - 7 * 10**9,
            session_id="support-42",
            user_id="user-7",
            app="helpdesk",
            tags=["production", "eu"],
            metadata={"release": "2026.11", "experiment": {"arm": "b"}},
            model="gpt-5-mini",
            response_model="gpt-5-mini-2026-08-07",
            response_id="chatcmpl-a1",
            request_id="req_1",
            stream=True,
            overhead_ms=0.412,
            rewrites=["include_usage"],
            params={"temperature": 0.2, "response_format": {"type": "json_object"}},
            finish_reasons=["stop"],
            input_messages=talk[:2],
            output_messages=talk[2:],
            usage=Usage(
                input_tokens=1240, output_tokens=96, cached_input_tokens=1024, reasoning_tokens=64, source="provider"
            ),
            cost=Cost(123_000_000, "2026-11"),
        ),
        _seeded(
            TOOLS,
            started_at=now - 6 * 10**9,
            model="claude-sonnet-4-5",
            provider="anthropic",
            operation=Operation.MESSAGES,
            path="/v1/messages",
            session_id="support-43",
            input_messages=tools[:3],
            output_messages=tools[3:],
            tools=[{"type": "function", "function": {"name": "find_order", "parameters": ORDER}}],
            cost=Cost(1_234_500_000_000, "2026-11"),
            latency_ms=12_345.0,
        ),
    ]


def _failures(now: int) -> list[RedactedExchange]:
    """One that was refused, and one that nobody understands."""
    return [
        _seeded(
            FAILED,
            started_at=now - 5 * 10**9,
            status_code=429,
            error_type="rate_limit_exceeded",
            error_message="Rate limit reached for organization <ID:abcd>. Please try again in 20 s.",
            output_messages=[],
            usage=Usage(),
            cost=Cost(),
            ttft_ms=None,
            attempts=[Attempt(provider="openai", status=429, error=None, duration_ms=210.0)],
        ),
        _seeded(
            UNKNOWN,
            started_at=now - 4 * 10**9,
            outcome=metadata_only("unknown_operation"),
            operation=Operation.OTHER,
            path="/v1/batches",
            model=None,
            input_messages=[],
            output_messages=[],
            usage=Usage(),
            cost=Cost(),
            ttft_ms=None,
        ),
    ]


def _strange(now: int) -> list[RedactedExchange]:
    """In other scripts, made to break a page, and left by its client."""
    return [
        _seeded(
            BENGALI,
            started_at=now - 3 * 10**9,
            session_id="বাংলা-১",
            input_messages=[say("user", f"আমার নাম {PERSON}। আমার অর্ডারটি কোথায়?")],
            names_unchecked=["bn"],
            residuals=[Residual(0, "logs", "bn")],
            output_messages=[say("assistant", f"ধন্যবাদ {PERSON}! আপনার অর্ডারটি আজ পাঠানো হয়েছে। مرحبا، 你好。")],
        ),
        _seeded(
            HOSTILE_TRACE,
            started_at=now - 2 * 10**9,
            model=HOSTILE,
            session_id=HOSTILE,
            user_id=HOSTILE,
            app=HOSTILE,
            tags=[HOSTILE],
            metadata={HOSTILE: HOSTILE},
            params={"stop": HOSTILE},
            error_message=HOSTILE,
            error_type=HOSTILE,
            response_id=HOSTILE,
            input_messages=[say("user", HOSTILE, name=HOSTILE), say(HOSTILE, HOSTILE)],
            output_messages=[
                RedactedMessage(role="assistant", parts=[{"type": "tool_call", "name": HOSTILE, "arguments": HOSTILE}])
            ],
            tools=[{"type": "function", "function": {"name": HOSTILE}}],
            residuals=[Residual(0, "logs", "und", [Miss("PERSON", [0, "content"], 8, len(HOSTILE))])],
        ),
        _seeded(LEFT, started_at=now - 10**9, ended=Ended.CLIENT_LEFT, status_code=200, ttft_ms=None),
    ]


def _plain(number: int) -> dict[str, Any]:
    texts = ("How do I reset my password?", "Summarise this meeting in three points.", "What is the capital of Kenya?")
    return {
        "session_id": f"chat-{number % 9}",
        "tags": ["nightly"],
        "model": ("gpt-5", "gpt-5-mini", "claude-sonnet-4-5")[number % 3],
        "input_messages": [say("user", texts[number % 3])],
        "residuals": [Residual(0, "logs", "en", [Miss("LOCATION", [0, "content"], 23, 28)] if number % 3 == 2 else [])],
        "output_messages": [say("assistant", f"Here is answer number {number}.")],
        "latency_ms": 300.0 + 37 * number,
        "ttft_ms": 90.0 + number,
        "cost": Cost(2_500_000 + 1_000_000 * number, "2026-11"),
        "response_id": f"chatcmpl-{number}",
    }


_NOW = first_id(time.time_ns())
"""The part of an id that says when it was made."""


def _seeded(number: int, **fields: Any) -> RedactedExchange:
    return exchange(0, id=seeded_id(number), **fields)


def seeded_id(number: int) -> str:
    """The id of one of the traces that tests open."""
    return f"{_NOW}-7000-8000-{0x20000 + number:012x}"
