"""How often calls of one conversation are put together where nobody names the session, and what that costs.

    .venv/bin/python -m evals.sessions.measure

writes made-up conversations (evals/sessions/conversations.py) to SQLite and compares. Precision: of two calls that were
given the same session, how often are they of one conversation? Recall: of two calls of one conversation, how often were
they given the same session? The cost is the CPU time of the median batch of 64, without what the rest of storing takes.
The result is kept as evals/sessions/<date>.json.
"""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from evals.sessions.conversations import Habits, traffic
from transom.secret import Secret
from transom.store import chains, write
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


async def measure(habits: Habits) -> dict[str, Any]:
    """Precision, recall, into how many sessions a conversation falls, and CPU time for a trace."""
    calls = list(traffic(1, CONVERSATIONS, TURNS, habits))
    gc.freeze()
    async with database() as db:
        costs = await store(db, [e for _, e in calls])
        async with db.connect() as conn:
            sessions = {row.id: row.session_id for row in await conn.execute(select(TRACE.c.id, TRACE.c.session_id))}
    given = [(conversation, sessions[e.id] or e.id) for conversation, e in calls]
    right = pairs(Counter(given).values())
    return {
        "calls": len(calls),
        "messages_per_call": round(sum(len(e.input_messages) for _, e in calls) / len(calls), 1),
        "precision": round(right / pairs(Counter(session for _, session in given).values()), 4),
        "recall": round(right / pairs(Counter(conversation for conversation, _ in given).values()), 4),
        "sessions_per_conversation": round(len(set(given)) / CONVERSATIONS, 2),
        "cpu_us_per_trace": round(median(costs), 1),
    }


async def store(db: AsyncEngine, exchanges: list[RedactedExchange]) -> list[float]:
    """Write in batches; gives the CPU microseconds for a trace that inferring took, batch by batch."""
    costs = []

    async def timed(*arguments: Any) -> list[RedactedExchange]:
        began = time.process_time()
        result = await chains.infer_sessions(*arguments)
        costs.append((time.process_time() - began) / BATCH * 1e6)
        return result

    with patch.object(write, "infer_sessions", timed):
        for start in range(0, len(exchanges), BATCH):
            await write.write_batch(db, exchanges[start : start + BATCH], [], "host", SECRET, None)
    return costs


def pairs(counts: Iterable[int]) -> int:
    """Pairs within groups of these sizes."""
    return sum(count * (count - 1) // 2 for count in counts)


@asynccontextmanager
async def database() -> AsyncIterator[AsyncEngine]:
    """An empty one, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/transom.db"
        await migrate(url)
        db = connect(url)
        yield db
        await db.dispose()


def main() -> None:
    result = {kind: asyncio.run(measure(habits)) for kind, habits in track(KINDS.items(), "storing", transient=True)}
    table = Table("conversations", "precision", "recall", "sessions each", "CPU µs", title=f"{CONVERSATIONS} at once")
    for kind, row in result.items():
        shown = (row["precision"], row["recall"], row["sessions_per_conversation"], row["cpu_us_per_trace"])
        table.add_row(kind, *map(str, shown))
    Console().print(table)
    today = datetime.now(UTC).date().isoformat()
    kept = {"date": today, "conversations": CONVERSATIONS, "turns": TURNS, "batch": BATCH, "kinds": result}
    (Path(__file__).parent / f"{today}.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
