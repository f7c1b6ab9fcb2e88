"""What reviewers taught redaction: rules are added and ended, never changed."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import insert
from transom.store.models import RESCRUBBED, RULE
from transom.types import ANONYMOUS_KEY, TaughtRule

MOST_RULES = 1_000
"""Of a project, at a time: each is looked for in every text."""

_R, _D = RULE.c, RESCRUBBED.c
_TAUGHT = ("id", "project_id", "kind", "entity", "words", "digest", "text")
_SHOWN = ("id", "project_id", "kind", "entity", "words", "text", "created_at", "created_by")
_PROGRESS = ("stage", "passes", "messages", "feedback", "finished_at")


class TooManyRules(ValueError):
    """A project has `MOST_RULES` rules."""


async def add_rule(conn: AsyncConnection, rule: TaughtRule, actor: str) -> TaughtRule:
    """Add a rule, or give the one in force that says the same. Raises TooManyRules."""
    same = [_R[name] == getattr(rule, name) for name in ("project_id", "kind", "entity", "digest", "text")]
    row = (await conn.execute(select(RULE).where(*same, _R.ended_at.is_(None)))).mappings().first()
    if row is not None:
        return _taught(row)
    in_force = select(func.count()).where(_R.project_id == rule.project_id, _R.ended_at.is_(None))
    if (await conn.execute(in_force)).scalar_one() >= MOST_RULES:
        raise TooManyRules
    values: dict[str, Any] = {name: getattr(rule, name) for name in _TAUGHT}
    values |= {"key_id": ANONYMOUS_KEY, "created_at": time.time_ns(), "created_by": actor, "position": ""}
    values |= dict.fromkeys(("passes", "messages", "feedback", "audit"), 0)
    await conn.execute(insert(conn, RULE).values(values))
    return rule


async def end_rule(conn: AsyncConnection, project_id: str, rule_id: str) -> bool:
    """End a rule; False if there is none in force. What it redacted stays redacted."""
    in_force = update(RULE).where(_R.id == rule_id, _R.project_id == project_id, _R.ended_at.is_(None))
    return bool((await conn.execute(in_force.values(ended_at=time.time_ns()))).rowcount)


async def read_rules(conn: AsyncConnection, project_id: str | None = None) -> list[TaughtRule]:
    """The rules in force of a project, or of all, the oldest first."""
    query = select(RULE).where(_R.ended_at.is_(None)).order_by(_R.number)
    if project_id is not None:
        query = query.where(_R.project_id == project_id)
    return [_taught(row) for row in (await conn.execute(query)).mappings()]


async def read_rule(conn: AsyncConnection, rule_id: str) -> TaughtRule | None:
    """A rule in force, or None."""
    query = select(RULE).where(_R.id == rule_id, _R.ended_at.is_(None))
    row = (await conn.execute(query)).mappings().first()
    return None if row is None else _taught(row)


def _taught(row: RowMapping) -> TaughtRule:
    return TaughtRule(**{name: row[name] for name in _TAUGHT})


async def rules_version(conn: AsyncConnection) -> tuple[int, int]:
    """Another one after each change: the number of the newest rule, and how many have ended."""
    newest = select(func.coalesce(func.max(_R.number), 0), func.count(_R.ended_at))
    row = (await conn.execute(newest)).one()
    return int(row[0]), int(row[1])


async def list_rules(conn: AsyncConnection, project_id: str) -> list[dict[str, Any]]:
    """The rules in force as REST shows them, the newest first, each with its `rescrub` or None."""
    found = await conn.execute(_listed().where(_R.project_id == project_id).order_by(_R.number.desc()))
    return [_shown(row) for row in found.mappings()]


async def get_rule(conn: AsyncConnection, project_id: str, rule_id: str) -> dict[str, Any] | None:
    """One of them, or None."""
    found = await conn.execute(_listed().where(_R.project_id == project_id, _R.id == rule_id))
    row = found.mappings().first()
    return None if row is None else _shown(row)


def _listed() -> Select[Any]:
    traces = select(func.count()).where(_D.rule_id == _R.id, _D.project_id == _R.project_id).scalar_subquery()
    columns = [*(_R[name] for name in (*_SHOWN, *_PROGRESS)), traces.label("traces")]
    return select(*columns).where(_R.ended_at.is_(None))


def _shown(row: RowMapping) -> dict[str, Any]:
    shown: dict[str, Any] = {name: row[name] for name in _SHOWN}
    if row["stage"] is None:
        return {**shown, "rescrub": None}
    return {**shown, "rescrub": {name: row[name] for name in (*_PROGRESS, "traces")}}
