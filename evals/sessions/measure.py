"""How often sessions that nobody named are put together rightly, and what it costs to do so.

    .venv/bin/python -m evals.sessions.measure

writes made-up conversations (evals/sessions/conversations.py) to a database and compares: of two calls that were given
the same session, how often are they of one conversation (precision), and of two calls of one conversation, how often
were they given the same session (recall). The result is kept as evals/sessions/<date>.json.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, AsyncIterator

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evals.sessions.conversations import Habits, traffic
from evals.store.traffic import Texts, conversations
import msgspec
from transom.secret import Secret
from transom.store import write
from transom.store.engine import connect, migrate
from transom.store.models import TRACE
from transom.types import RedactedExchange

SECRET = Secret(b"evaluation".ljust(32))
CONVERSATIONS = 300
TURNS = (10, 30)
BATCH = 64
NONE = Habits(*[0] * 9)
KINDS = {
    "each its own words": NONE,
    "all open alike": replace(NONE, same_opening=1),
    "tool calls": replace(NONE, calls_tool=0.5),
    "asked again, taken back": replace(NONE, asks_again=0.1, takes_back=0.1),
    "old messages dropped": replace(NONE, truncates=1),
    "old messages dropped, a quarter short": replace(NONE, truncates=1, short=0.25),
    "documents with the last question": replace(NONE, adds_documents=1, short=0.25),
    "all of it": Habits(),
}


def pairs(counts: Iterable[int]) -> int:
    """Pairs within groups of these sizes."""
    return sum(count * (count - 1) // 2 for count in counts)


async def quality(habits: Habits) -> dict[str, Any]:
    """Precision and recall over pairs of calls, and into how many sessions a conversation falls."""
    calls = list(traffic(1, CONVERSATIONS, TURNS, habits))
    async with database() as db:
        for start in range(0, len(calls), BATCH):
            await write.write_batch(db, [e for _, e in calls[start : start + BATCH]], [], "host", SECRET, None)
        async with db.connect() as conn:
            found = dict((await conn.execute(select(TRACE.c.id, TRACE.c.session_id))).all())
    given = [(conversation, found[e.id] or e.id) for conversation, e in calls]
    right = pairs(Counter(given).values())
    return {
        "calls": len(calls),
        "precision": round(right / pairs(Counter(session for _, session in given).values()), 4),
        "recall": round(right / pairs(Counter(conversation for conversation, _ in given).values()), 4),
        "sessions_per_conversation": round(len(set(given)) / CONVERSATIONS, 2),
    }


@asynccontextmanager
async def database() -> AsyncIterator[AsyncEngine]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/transom.db"
        await migrate(url)
        db = connect(url)
        yield db
        await db.dispose()


def main() -> None:
    result = {kind: asyncio.run(quality(habits)) for kind, habits in KINDS.items()}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
