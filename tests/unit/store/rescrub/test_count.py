"""What a rule would change."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, feedback, say, trace_id, write
from tests.unit.store.rescrub.taught import VALUE, everything, scrubber
from transom.store.rescrub.count import Touched, count_touched


async def test_it_counts_and_changes_nothing(db: AsyncEngine) -> None:
    shared = [say("user", f"I am {VALUE}")]
    await write(db, *(exchange(n, session_id="s", input_messages=shared) for n in range(3)))
    await write(db, exchange(3, user_id=VALUE), exchange(4), feedback(trace_id(4), comment=VALUE))
    before = await everything(db)
    assert await count_touched(db, "default", scrubber(), 60) == Touched(messages=1, traces=4, feedback=1)
    assert await everything(db) == before
    assert await count_touched(db, "other", scrubber(), 60) == Touched()


async def test_it_ends_in_time_and_says_so(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", VALUE)]), exchange(2, user_id=VALUE))
    found = await count_touched(db, "default", scrubber(), 0.0)
    assert (found.complete, found.messages, found.traces) == (False, 1, 1)
