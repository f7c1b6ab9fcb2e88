"""Redacted exchanges and feedback with everything filled in that a test doesn't care about."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.secret import Secret
from transom.store.positions import PositionAdvance
from transom.store.write import Written, write_batch
from transom.types import (
    DAY_NS,
    STORED,
    Begun,
    Cost,
    Ended,
    Operation,
    RedactedExchange,
    RedactedFeedback,
    RedactedMessage,
    Usage,
    Withdrawal,
)

SECRET = Secret(b"s" * 32)
MINUTE = 60 * 10**9
NOON = 1_700_000_000 * 10**9 // (3600 * 10**9) * (3600 * 10**9)
"""The beginning of some hour."""


def begun(exchanges: int, undone: int = 0) -> Begun:
    """What a writer has begun, all on the day of NOON."""
    day = NOON // DAY_NS
    return Begun(first_day=day, last_day=day, exchanges={day: exchanges}, undone={day: undone} if undone else {})


def trace_id(number: int) -> str:
    """An id in the shape of UUIDv7 that sorts by number."""
    return f"018bcfe5-{number >> 16:04x}-7000-8000-{number & 0xFFFF:012x}"


def say(role: str, content: str, **fields: Any) -> RedactedMessage:
    return RedactedMessage(role=role, parts=[{"type": "text", "content": content}], **fields)


def exchange(number: int, **fields: Any) -> RedactedExchange:
    """The exchange with that number, begun that many seconds after NOON."""
    plain = RedactedExchange(
        id=trace_id(number),
        project_id="default",
        key_id="k_1",
        started_at=NOON + number * 10**9,
        outcome=STORED,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
        model="gpt-5",
        status_code=200,
        latency_ms=800.0,
        ttft_ms=120.0,
        input_messages=[say("user", f"question {number}")],
        output_messages=[say("assistant", f"answer {number}")],
        usage=Usage(input_tokens=100, output_tokens=20, source="provider"),
        cost=Cost(2_500_000, "2026-11"),
    )
    return msgspec.structs.replace(plain, **fields)


def at(number: int) -> int:
    """The time when the exchange with that number begins."""
    return NOON + number * 10**9


def conversation(turns: int, first: int = 1, **fields: Any) -> list[RedactedExchange]:
    """Exchanges that each send the whole history, in session `s` unless told otherwise."""
    history, traces = [say("system", "be brief")], []
    for number in range(first, first + turns):
        history = [*history, say("user", f"question {number}")]
        turn = exchange(number, input_messages=history, **{"session_id": "s", **fields})
        history = [*history, *turn.output_messages]
        traces.append(turn)
    return traces


def feedback(target_id: str, **fields: Any) -> RedactedFeedback:
    """A thumb up for that target, said an hour after NOON."""
    said = RedactedFeedback(
        id="fb_1",
        project_id="default",
        key_id="k_1",
        created_at=NOON + 60 * MINUTE,
        target="response",
        target_id=target_id,
        name="user_feedback",
        author="ann",
        score=1.0,
    )
    return msgspec.structs.replace(said, **fields)


def withdrawal(feedback_id: str = "fb_1", **fields: Any) -> Withdrawal:
    taken_back = Withdrawal(feedback_id=feedback_id, project_id="default", key_id="k_1", created_at=NOON + 120 * MINUTE)
    return msgspec.structs.replace(taken_back, **fields)


async def write(
    db: AsyncEngine | AsyncConnection, *items: Any, advance: PositionAdvance | None = None, recorder: str = "host-1"
) -> Written:
    """Write exchanges and feedback, in any mixture, as one batch."""
    exchanges = [item for item in items if isinstance(item, RedactedExchange)]
    said = [item for item in items if isinstance(item, RedactedFeedback | Withdrawal)]
    return await write_batch(db, exchanges, said, recorder, SECRET, advance)


async def rows(db: AsyncEngine, table: Table) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its primary key."""
    async with db.connect() as conn:
        found = await conn.execute(select(table).order_by(*table.primary_key))
        return [dict(row) for row in found.mappings()]
