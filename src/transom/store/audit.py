"""What was done to the records, and by whom: erasures and expiries. The log holds no id and no content."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret, mac
from transom.store.dialect import insert
from transom.store.models import AUDIT
from transom.store.read import Page, Row, to_page
from transom.store.rows import from_text, to_text
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT, Json

_A = AUDIT.c
_SHOWN = ("number", "at", "project_id", "actor", "action", "subject", "traces")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log. `detail` is numbers and names of our own; `subject` is empty or comes from `subject_of`."""

    actor: str
    action: str
    project_id: str = DEFAULT_PROJECT
    subject: str = ""
    traces: int = 0
    detail: dict[str, Json] = {}


def subject_of(secret: Secret, project_id: str, id: str) -> str:
    """What stands for an id in the log: who knows the id and asks us can find it, nobody can read it."""
    return "s_" + mac(secret.audit, project_id.encode(), id.encode("utf-8", "surrogatepass"))[:16].hex()


async def note(conn: AsyncConnection, entry: Entry) -> int:
    """Add a line; gives its number."""
    row = {**msgspec.structs.asdict(entry), "key_id": ANONYMOUS_KEY, "at": time.time_ns()}
    row["detail"] = to_text(entry.detail)
    return int((await conn.execute(insert(conn, AUDIT).values(row).returning(_A.number))).scalar_one())


async def add(conn: AsyncConnection, number: int, traces: int, detail: Mapping[str, int]) -> None:
    """Add numbers to a line, as more of what it tells of is done."""
    found = select(_A.traces, _A.detail).where(_A.number == number).with_for_update()
    line = (await conn.execute(found)).one()
    known = from_text(line.detail)
    sums = {**known, **{name: known.get(name, 0) + more for name, more in detail.items()}}
    changed = {"traces": line.traces + traces, "detail": to_text(sums)}
    await conn.execute(update(AUDIT).where(_A.number == number).values(changed))


async def list_audit(
    conn: AsyncConnection, cursor: str | None = None, limit: int = 50, subject: str | None = None
) -> Page:
    """The log, newest first: `number, at, project_id, actor, action, subject, traces, detail`."""
    query = select(AUDIT)
    if subject is not None:
        query = query.where(_A.subject == subject)
    if cursor is not None:
        query = query.where(_A.number < int(cursor))
    found = await conn.execute(query.order_by(_A.number.desc()).limit(limit + 1))
    return to_page([_shown(row) for row in found.mappings()], limit, lambda row: str(row["number"]))


def _shown(row: RowMapping) -> Row:
    shown: dict[str, Any] = {name: row[name] for name in _SHOWN}
    return {**shown, "detail": from_text(row["detail"])}
