"""What was said, and of what."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, feedback, rows, trace_id, write
from tests.unit.store.rescrub.taught import TAG, VALUE, scrubber
from transom.store.dialect import writing
from transom.store.models import FEEDBACK
from transom.store.rescrub import feedback as of_feedback


async def change(db: AsyncEngine) -> int:
    async with db.connect() as conn:
        _, changes = await of_feedback.read(conn, "default", "", scrubber())
    async with writing(db) as conn:
        return await of_feedback.apply(conn, changes)


async def test_words_labels_and_ids_are_redacted(db: AsyncEngine) -> None:
    said = feedback(trace_id(1), author=VALUE, comment=f"{VALUE} said", correction=VALUE, labels=[VALUE, "good"])
    await write(db, exchange(1), said, feedback(trace_id(1), id="fb_2", author="bob", comment="fine"))
    assert await change(db) == 1
    one, other = await rows(db, FEEDBACK)
    assert (one["author"], one["comment"], one["correction"]) == (TAG, f"{TAG} said", TAG)
    assert one["labels"] == f'["{TAG}","good"]' and one["linked"]
    assert other["comment"] == "fine"
    assert await change(db) == 0


async def test_what_was_said_anew_counts_instead(db: AsyncEngine) -> None:
    old, new = feedback(trace_id(1), author=VALUE), feedback(trace_id(1), id="fb_2", author=TAG, score=0.0)
    await write(db, exchange(1), old, new)
    assert await change(db) == 1
    assert [(row["id"], row["score"]) for row in await rows(db, FEEDBACK)] == [("fb_2", 0.0)]
