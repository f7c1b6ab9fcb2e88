from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import rows
from transom.store import rules as module
from transom.store.dialect import writing
from transom.store.models import RULE
from transom.store.rules import TooManyRules, add_rule, end_rule, get_rule, list_rules, read_rule, read_rules
from transom.store.rules import rules_version as version_of
from transom.types import TaughtRule

MISSED = TaughtRule(id="r1", project_id="p", kind="missed", entity="PERSON", words=2, digest=b"d" * 16)
WRONG = TaughtRule(id="r2", project_id="p", kind="wrong", entity="PERSON", text="Jira")
ELSEWHERE = TaughtRule(id="r3", project_id="q", kind="pattern", entity="BADGE", text="EMP-[0-9]{6}")


async def add(db: AsyncEngine, *rules: TaughtRule) -> list[str]:
    async with writing(db) as conn:
        return [(await add_rule(conn, rule, "ann")).id for rule in rules]


async def version(db: AsyncEngine) -> tuple[int, int]:
    async with db.connect() as conn:
        return await version_of(conn)


async def test_rules_come_back_as_they_were_added(db: AsyncEngine) -> None:
    await add(db, MISSED, WRONG, ELSEWHERE)
    async with db.connect() as conn:
        assert await read_rules(conn) == [MISSED, WRONG, ELSEWHERE]
        assert await read_rules(conn, "p") == [MISSED, WRONG]
        assert await read_rule(conn, "r3") == ELSEWHERE
        assert await read_rule(conn, "r4") is None


async def test_the_same_rule_is_added_once(db: AsyncEngine) -> None:
    again = TaughtRule(id="r9", project_id="p", kind="missed", entity="PERSON", words=2, digest=b"d" * 16)
    assert await add(db, MISSED, again) == ["r1", "r1"]
    assert len(await rows(db, RULE)) == 1


async def test_an_ended_rule_is_out_of_force_and_can_be_added_again(db: AsyncEngine) -> None:
    await add(db, MISSED)
    async with writing(db) as conn:
        assert not await end_rule(conn, "q", "r1")
        assert await end_rule(conn, "p", "r1")
        assert not await end_rule(conn, "p", "r1")
    async with db.connect() as conn:
        assert await read_rules(conn) == await list_rules(conn, "p") == []
        assert await read_rule(conn, "r1") is await get_rule(conn, "p", "r1") is None
    again = TaughtRule(id="r9", project_id="p", kind="missed", entity="PERSON", words=2, digest=b"d" * 16)
    assert await add(db, again) == ["r9"]


async def test_each_change_makes_another_version(db: AsyncEngine) -> None:
    seen = [await version(db)]
    await add(db, MISSED)
    seen.append(await version(db))
    await add(db, WRONG)
    seen.append(await version(db))
    async with writing(db) as conn:
        await end_rule(conn, "p", "r2")
    seen.append(await version(db))
    assert len(set(seen)) == 4
    assert await version(db) == seen[-1]


async def test_a_project_has_a_bounded_number_of_rules(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RULES", 1)
    await add(db, MISSED, ELSEWHERE)
    with pytest.raises(TooManyRules):
        await add(db, WRONG)


async def test_the_newest_is_listed_first(db: AsyncEngine) -> None:
    await add(db, MISSED, WRONG)
    async with db.connect() as conn:
        listed = await list_rules(conn, "p")
    assert [(row["id"], row["created_by"], row["rescrub"]) for row in listed] == [
        ("r2", "ann", None),
        ("r1", "ann", None),
    ]
    assert "digest" not in listed[0]
