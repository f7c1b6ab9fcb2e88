from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import MINUTE, NOON, exchange, feedback, rows, trace_id, withdrawal, write
from transom.store.models import FEEDBACK
from transom.store.read import TraceFilter, list_feedback, list_traces

NAMES: dict[str, Any] = {"response_id": "chatcmpl-1", "request_id": "req-1", "client_request_id": "mine-1"}


async def links(db: AsyncEngine) -> list[tuple[bool, str | None]]:
    return [(row["linked"], row["trace_id"]) for row in await rows(db, FEEDBACK)]


@pytest.mark.parametrize("named", [trace_id(1), *NAMES.values()])
@pytest.mark.parametrize("first", ["trace", "feedback"])
async def test_feedback_finds_its_trace_whichever_comes_first(db: AsyncEngine, named: str, first: str) -> None:
    batches = [exchange(1, **NAMES), feedback(named)]
    for item in batches if first == "trace" else batches[::-1]:
        await write(db, item)
    assert await links(db) == [(True, trace_id(1))]


async def test_ids_never_link_across_keys(db: AsyncEngine) -> None:
    await write(db, feedback("req-1", key_id="k_2"))
    await write(db, exchange(1, **NAMES))
    await write(db, feedback("req-1", key_id="k_3", id="fb_2"))
    assert await links(db) == [(False, None), (False, None)]


async def test_the_newest_trace_of_that_name_is_meant(db: AsyncEngine) -> None:
    await write(db, exchange(1, **NAMES), exchange(2, **NAMES))
    await write(db, feedback("mine-1"))
    assert await links(db) == [(True, trace_id(2))]


async def test_a_newer_trace_that_is_recorded_late_takes_the_feedback_over(db: AsyncEngine) -> None:
    await write(db, exchange(1, **NAMES), feedback("mine-1"))
    await write(db, exchange(2, **NAMES))
    assert await links(db) == [(True, trace_id(2))]


async def test_a_trace_begun_after_the_feedback_is_not_meant(db: AsyncEngine) -> None:
    await write(db, exchange(1, **NAMES), feedback("mine-1", created_at=NOON + MINUTE))
    await write(db, exchange(100, **NAMES))
    assert await links(db) == [(True, trace_id(1))]


@pytest.mark.parametrize("first", ["trace", "feedback"])
async def test_feedback_on_a_session(db: AsyncEngine, first: str) -> None:
    batches = [exchange(1, session_id="s"), feedback("s", target="session")]
    for item in batches if first == "trace" else batches[::-1]:
        await write(db, item)
    assert await links(db) == [(True, None)]


async def test_an_authors_later_word_replaces_the_earlier_one(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    await write(db, feedback(trace_id(1), comment="good"))
    late = feedback(trace_id(1), comment="bad", score=0.0, created_at=NOON + 61 * MINUTE, id="fb_9")
    await write(db, late)
    await write(db, feedback(trace_id(1), comment="good"))
    (row,) = await rows(db, FEEDBACK)
    assert (row["comment"], row["score"], row["id"], row["linked"]) == ("bad", 0.0, "fb_9", True)


async def test_two_authors_and_two_names_are_apart(db: AsyncEngine) -> None:
    said = [feedback("x"), feedback("x", author="bob", id="fb_2"), feedback("x", name="resolved", id="fb_3")]
    assert (await write(db, *said)).feedback == 3


async def test_only_the_same_key_withdraws(db: AsyncEngine) -> None:
    await write(db, feedback("x"))
    assert (await write(db, withdrawal(key_id="k_2"))).withdrawn == 0
    assert len(await rows(db, FEEDBACK)) == 1
    assert (await write(db, withdrawal())).withdrawn == 1
    assert await rows(db, FEEDBACK) == []


async def test_a_withdrawal_that_comes_first_keeps_its_feedback_away(db: AsyncEngine) -> None:
    await write(db, withdrawal())
    assert (await write(db, feedback("x"))).feedback == 0
    assert await rows(db, FEEDBACK) == []


async def test_feedback_given_again_after_a_withdrawal_counts(db: AsyncEngine) -> None:
    await write(db, feedback("x"), withdrawal())
    await write(db, feedback("x", created_at=NOON + 180 * MINUTE))
    await write(db, withdrawal())
    assert len(await rows(db, FEEDBACK)) == 1


async def test_a_list_row_counts_its_thumbs(db: AsyncEngine) -> None:
    said = [feedback(trace_id(1), author=f"a{n}", id=f"fb_{n}", score=float(n % 3 == 0)) for n in range(4)]
    await write(db, exchange(1), exchange(2), *said, feedback(trace_id(1), name="revenue", score=99.5, id="fb_9"))
    async with db.connect() as conn:
        page = await list_traces(conn)
        ups = await list_traces(conn, TraceFilter(feedback="up"))
        downs = await list_traces(conn, TraceFilter(feedback="down"))
    assert [row["feedback"] for row in page.rows] == [
        {"up": 0, "down": 0, "count": 0},
        {"up": 2, "down": 2, "count": 5},
    ]
    assert [row["id"] for row in ups.rows] == [row["id"] for row in downs.rows] == [trace_id(1)]


async def test_feedback_pages_newest_first(db: AsyncEngine) -> None:
    said = [feedback("x", author=f"a{n}", id=f"fb_{n}", created_at=NOON + n // 2) for n in range(5)]
    await write(db, exchange(1), *said, feedback(trace_id(1), name="resolved", id="fb_9", labels=["yes"]))
    async with db.connect() as conn:
        first = await list_feedback(conn, limit=4, name="user_feedback")
        second = await list_feedback(conn, first.next_cursor, limit=4, name="user_feedback")
        linked = await list_feedback(conn, status="linked")
    assert [row["id"] for row in first.rows + second.rows] == ["fb_4", "fb_3", "fb_2", "fb_1", "fb_0"]
    assert second.next_cursor is None
    assert [(row["id"], row["labels"], row["status"]) for row in linked.rows] == [("fb_9", ["yes"], "linked")]
