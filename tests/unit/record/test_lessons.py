"""Redaction learns what reviewers teach while the recorder runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.record import lessons as module
from transom.record.lessons import Lessons
from transom.store.dialect import writing
from transom.store.engine import connect, migrate
from transom.store.rules import add_rule, end_rule
from transom.types import TaughtRule

RULE = TaughtRule(id="r1", project_id="p", kind="wrong", entity="PERSON", text="Jira")


class Pool:
    def __init__(self) -> None:
        self.taught: list[Sequence[TaughtRule]] = []
        self.told = asyncio.Event()

    def teach(self, rules: Sequence[TaughtRule]) -> None:
        self.taught.append(rules)
        self.told.set()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = connect(f"sqlite:///{tmp_path / 'transom.db'}")
    await migrate(engine)
    yield engine
    await engine.dispose()


async def add(db: AsyncEngine) -> None:
    async with writing(db) as conn:
        await add_rule(conn, RULE, "ann")


async def test_each_change_is_told_once(db: AsyncEngine) -> None:
    pool = Pool()
    lessons = Lessons(db, pool)
    for _ in range(2):
        await lessons.learn()
    await add(db)
    for _ in range(2):
        await lessons.learn()
    async with writing(db) as conn:
        await end_rule(conn, "p", "r1")
    await lessons.learn()
    assert pool.taught == [[], [RULE], []]


async def test_what_is_taught_meanwhile_is_told_and_an_absent_store_waited_for(
    db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    pool, answers = Pool(), [OperationalError("", {}, Exception()), OSError()]
    read = module.rules_version

    async def away_at_first(conn: object) -> tuple[int, int]:
        if answers:
            raise answers.pop()
        return await read(conn)  # type: ignore[arg-type]

    await add(db)
    monkeypatch.setattr(module, "rules_version", away_at_first)
    async with Lessons(db, pool).following(), asyncio.timeout(10):
        await pool.told.wait()
    assert pool.taught == [[RULE]] and not answers
