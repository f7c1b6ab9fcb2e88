"""Feedback, redacted again: comments, corrections, labels, and the ids in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import FEEDBACK
from transom.store.rescrub import BATCH, Scrubber
from transom.store.rescrub.traces import changed_columns

_F = FEEDBACK.c
_TEXTS = ("comment", "correction")
_IDS = ("target_id", "name", "author")
_ONE_PER_AUTHOR = ("project_id", "key_id", "target", "target_id", "name", "author")

Change = tuple[RowMapping, dict[str, Any]]
"""A row, and the columns that must change."""


async def read(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber
) -> tuple[str | None, list[Change]]:
    """The next position, or None behind the last feedback, and those up to there that must change."""
    query = select(FEEDBACK).where(_F.project_id == project_id, _F.number > int(position or 0))
    rows = (await conn.execute(query.order_by(_F.number).limit(BATCH))).mappings().all()
    changes = [(row, values) for row in rows if (values := changed_columns(row, scrubber, _TEXTS, _IDS, ("labels",)))]
    return (str(rows[-1]["number"]) if len(rows) == BATCH else None), changes


async def apply(conn: AsyncConnection, changes: Sequence[Change]) -> int:
    """Change the rows; gives how many. What the author said anew, under ids that are redacted now, counts instead."""
    for row, values in changes:
        after = {**row, **values}
        newer = [_F[name] == after[name] for name in _ONE_PER_AUTHOR]
        newer.append(_F.number != row["number"])
        known = (await conn.execute(select(_F.number).where(*newer))).first()
        mine = _F.number == row["number"]
        await conn.execute(delete(FEEDBACK).where(mine) if known else update(FEEDBACK).where(mine).values(values))
    return len(changes)
