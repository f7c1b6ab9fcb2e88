"""Traces' own texts and ids."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, say, trace_id, write
from tests.unit.store.rescrub.taught import TAG, VALUE, scrubber
from transom.store.dialect import writing
from transom.store.models import SESSION_MESSAGE, TRACE
from transom.store.rescrub import traces


async def change(db: AsyncEngine) -> dict[str, str]:
    async with db.connect() as conn:
        position, changes = await traces.read(conn, "default", "", scrubber())
    assert position is None
    async with writing(db) as conn:
        return await traces.apply(conn, "default", changes)


async def test_texts_and_ids_are_redacted(db: AsyncEngine) -> None:
    await write(db, exchange(1, user_id=VALUE, tags=[VALUE, "x"], metadata={"a": {"b": VALUE}}, error_message=VALUE))
    assert await change(db) == {trace_id(1): "k_1"}
    (row,) = await rows(db, TRACE)
    assert (row["user_id"], row["error_message"]) == (TAG, TAG)
    assert (row["tags"], row["metadata"]) == (f'["{TAG}","x"]', f'{{"a":{{"b":"{TAG}"}}}}')
    assert await change(db) == {}


async def test_long_ids_still_fit(db: AsyncEngine) -> None:
    await write(db, exchange(1, user_id=f"{VALUE} " + "x" * 300))
    await change(db)
    (row,) = await rows(db, TRACE)
    assert row["user_id"].startswith(f"{TAG} x") and len(row["user_id"]) <= 200


async def test_a_session_keeps_its_messages_under_its_new_name(db: AsyncEngine) -> None:
    shared = [say("user", "hello")]
    await write(db, exchange(1, session_id=VALUE, input_messages=shared), exchange(2, session_id=VALUE))
    await write(db, exchange(3, session_id=TAG, input_messages=shared), exchange(4, session_id=VALUE, project_id="p"))
    await change(db)
    assert [row["session_id"] for row in await rows(db, TRACE)] == [TAG, TAG, TAG, VALUE]
    held = [row for row in await rows(db, SESSION_MESSAGE) if row["project_id"] == "default"]
    assert {row["session"] for row in held} == {TAG} and len(held) == 5
    (hello,) = [row for row in held if row["last_trace_id"] == trace_id(3) and row["trace_id"] == trace_id(1)]
    assert hello["place"] == 0
