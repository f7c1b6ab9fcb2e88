"""How much a rule would change, before it does."""

from __future__ import annotations

import time

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.store.rescrub import Scrubber, feedback, messages, traces


class Touched(msgspec.Struct, kw_only=True):
    """How many messages, feedback and traces hold what the rule is about; at least, where it is not `complete`."""

    messages: int = 0
    feedback: int = 0
    traces: int = 0
    complete: bool = True


async def count_touched(db: AsyncEngine, project_id: str, scrubber: Scrubber, seconds: float) -> Touched:
    """Count for as long as that."""
    until = time.monotonic() + seconds
    found, ids = Touched(), set[str]()
    for count in (_messages, _traces, _feedback):
        position: str | None = ""
        while position is not None and found.complete:
            async with db.connect() as conn:
                position = await count(conn, project_id, position, scrubber, found, ids)
            found.complete = time.monotonic() < until
    found.traces = len(ids)
    return found


async def _messages(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber, found: Touched, ids: set[str]
) -> str | None:
    after, changes = await messages.read(conn, project_id, position, scrubber)
    found.messages += len(changes)
    if changes:
        ids.update(await messages.touched(conn, project_id, changes))
    return after


async def _traces(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber, _: Touched, ids: set[str]
) -> str | None:
    after, changes = await traces.read(conn, project_id, position, scrubber)
    ids.update(change.id for change in changes)
    return after


async def _feedback(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber, found: Touched, _: set[str]
) -> str | None:
    after, changes = await feedback.read(conn, project_id, position, scrubber)
    found.feedback += len(changes)
    return after
