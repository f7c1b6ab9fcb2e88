from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, feedback, rows, trace_id, withdrawal, write
from transom.config import Kept, Retention
from transom.store import retention
from transom.store.models import AUDIT, CHAIN, FEEDBACK, MESSAGE, ROLLUP, TRACE, WITHDRAWN
from transom.store.retention import expire
from transom.types import DAY_NS, RedactedExchange


def ago(days: float) -> int:
    return time.time_ns() - int(days * DAY_NS)


def old(number: int, days: float, **fields: object) -> RedactedExchange:
    """An exchange begun that many days ago."""
    return exchange(number, started_at=ago(days), **fields)


async def left(db: AsyncEngine) -> dict[str, bool]:
    """The traces that are left, and whether they have content."""
    return {row["id"]: row["content_expired_at"] is None for row in await rows(db, TRACE)}


async def test_traces_and_contents_have_limits_of_their_own(db: AsyncEngine) -> None:
    await write(db, old(1, 31), old(2, 8), old(3, 6))
    done = await expire(db, Retention(days=30, content_days=7))
    assert done == {"traces": 1, "contents": 1, "archived": 0}
    assert await left(db) == {trace_id(2): False, trace_id(3): True}


async def test_projects_have_limits_of_their_own(db: AsyncEngine) -> None:
    for first, project in ((10, "default"), (20, "brief"), (30, "for_ever")):
        await write(db, *(old(first + n, days, project_id=project) for n, days in enumerate((40, 10, 1))))
    await expire(db, Retention(days=30, projects={"brief": Kept(days=5), "for_ever": Kept()}))
    assert list(await left(db)) == [trace_id(n) for n in (11, 12, 22, 30, 31, 32)]


async def test_without_limits_everything_stays(db: AsyncEngine) -> None:
    await write(db, old(1, 4000))
    assert not any((await expire(db, Retention())).values())
    assert await left(db) == {trace_id(1): True}
    assert await rows(db, AUDIT) == []


async def test_many_go_in_batches(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    same_time = ago(50)
    await write(db, *(exchange(n, started_at=same_time) for n in range(7)), *(old(n, 40) for n in range(7, 10)))
    done = await expire(db, Retention(days=60, content_days=45))
    assert (done["traces"], done["contents"]) == (0, 7)
    assert (await expire(db, Retention(days=30)))["traces"] == 10


async def test_words_of_feedback_go_with_content_and_its_score_stays(db: AsyncEngine) -> None:
    said = {"comment": "very good", "correction": "better"}
    await write(db, old(1, 10), feedback(trace_id(1), created_at=ago(9), **said))
    await write(db, feedback(trace_id(1), id="fb_2", author="bob", created_at=ago(1), comment="still good"))
    await expire(db, Retention(content_days=7))
    found = [(row["score"], row["comment"], row["correction"]) for row in await rows(db, FEEDBACK)]
    assert found == [(1.0, None, None), (1.0, "still good", None)]


async def test_what_never_found_its_trace_does_not_stay_for_ever(db: AsyncEngine) -> None:
    await write(
        db,
        feedback("never seen", created_at=ago(31)),
        feedback("not yet seen", id="fb_2", created_at=ago(1)),
        withdrawal("fb_3", created_at=ago(31)),
    )
    await expire(db, Retention(days=30))
    assert [row["id"] for row in await rows(db, FEEDBACK)] == ["fb_2"]
    assert await rows(db, WITHDRAWN) == []


async def test_the_minutes_of_last_week_go_and_hours_and_days_stay(db: AsyncEngine) -> None:
    await write(db, old(1, 9), old(2, 8.5), old(3, 6))
    await expire(db, Retention())
    steps = sorted(row["step"] for row in await rows(db, ROLLUP))
    assert steps.count(60) == 1
    assert {3600, 86_400} <= set(steps)


async def test_conversations_that_nobody_goes_on_with_are_forgotten(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    assert await rows(db, CHAIN) != []
    await expire(db, Retention())
    assert await rows(db, CHAIN) == []


async def test_the_audit_log_tells_how_many_went(db: AsyncEngine) -> None:
    await write(db, old(1, 31), old(2, 8))
    await expire(db, Retention(days=30, content_days=7))
    (row,) = await rows(db, AUDIT)
    assert (row["actor"], row["action"], row["subject"], row["traces"]) == ("retention", "expire", "", 1)
    assert row["detail"] == '{"traces":1,"contents":1,"archived":0}'


async def test_what_is_deleted_goes_to_the_archive_first(db: AsyncEngine, tmp_path: Path) -> None:
    await write(db, old(1, 31), old(2, 31, project_id="other"), old(3, 1))
    done = await expire(db, Retention(days=30, archive=tmp_path / "archive"))
    assert (done["traces"], done["archived"]) == (2, 2)
    projects = {path.parts[-4] for path in tmp_path.glob("archive/*/*/*/*.parquet")}
    assert projects == {"project=default", "project=other"}
    assert len(await rows(db, MESSAGE)) == 2
