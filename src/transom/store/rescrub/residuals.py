"""Suspected misses, when their message is redacted again: those in it still are where they stand now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.residual_models import RESIDUAL_MISS, RESIDUAL_SAMPLE
from transom.store.residuals import leaf_at
from transom.store.rows import from_text
from transom.types import RedactedMessage

_S, _X = RESIDUAL_SAMPLE.c, RESIDUAL_MISS.c

BY_RULE = "rule"
"""Who judged a miss that a reviewer's rule has redacted."""

Renewed = tuple[bytes, RedactedMessage, RedactedMessage]
"""A message's new digest, what it said before, and what it says now."""


async def follow(conn: AsyncConnection, project_id: str, renewed: Mapping[bytes, Renewed]) -> None:
    """Move what was found in messages along with them, by their old digests.

    What is redacted now was missed indeed, unless a reviewer has said otherwise. Nothing moves to a message that has
    been read again itself.
    """
    known = select(_S.number, _S.digest).where(_S.digest.in_(list(renewed)), _S.project_id == project_id)
    for number, old in (await conn.execute(known)).all():
        digest, before, after = renewed[old]
        other = RESIDUAL_SAMPLE.alias()
        owner = [other.c[name] == _S[name] for name in ("project_id", "key_id")]
        free = ~exists().where(other.c.digest == digest, *owner)
        row = update(RESIDUAL_SAMPLE).where(_S.number == number, free).values(digest=digest)
        if (await conn.execute(row)).rowcount:
            await _move(conn, number, before, after)


async def _move(conn: AsyncConnection, number: int, before: RedactedMessage, after: RedactedMessage) -> None:
    query = select(_X.number, _X.path, _X.start, _X.stop, _X.verdict).where(_X.sample == number)
    for miss in (await conn.execute(query)).all():
        path = from_text(miss.path)
        was, now = leaf_at(before.parts, path) or "", leaf_at(after.parts, path) or ""
        start = _nth(now, was[miss.start : miss.stop], was.count(was[miss.start : miss.stop], 0, miss.start))
        values: dict[str, Any] = {}
        if start is not None:
            values = {"start": start, "stop": start + miss.stop - miss.start}
        elif miss.verdict is None:
            values = {"verdict": "missed", "judged_by": BY_RULE, "judged_at": time.time_ns()}
        if values:
            await conn.execute(update(RESIDUAL_MISS).where(_X.number == miss.number).values(values))


def _nth(text: str, value: str, number: int) -> int | None:
    """Where the value stands for the time of that number, from 0."""
    start = -1
    for _ in range(number + 1):
        start = text.find(value, start + 1) if value else -1
        if start < 0:
            return None
    return start
