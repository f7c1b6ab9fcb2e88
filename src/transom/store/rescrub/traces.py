"""The texts of traces themselves, redacted again: errors, metadata, parameters, tags, ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import TRACE
from transom.store.rescrub import BATCH, Scrubber
from transom.store.rescrub.sessions import rename_session
from transom.store.rows import fit_id, from_text, to_text

_T = TRACE.c
_TEXTS = ("path", "error_message")
_IDS = [
    *("session_id", "user_id", "app", "model", "response_model", "response_id", "request_id", "client_request_id"),
    "error_type",
]
_JSON = ("tags", "metadata", "params", "attempts", "finish_reasons")
_COLUMNS = [_T[name] for name in ("id", "key_id", *_TEXTS, *_IDS, *_JSON)]


@dataclass(frozen=True, slots=True)
class Change:
    """A trace, and the columns that must change."""

    id: str
    key_id: str
    session_id: str | None
    values: dict[str, Any]


async def read(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber
) -> tuple[str | None, list[Change]]:
    """The next position, or None behind the last trace, and those up to there that must change."""
    query = select(*_COLUMNS).where(_T.project_id == project_id, _T.id > position).order_by(_T.id).limit(BATCH)
    rows = (await conn.execute(query)).mappings().all()
    changes = [
        Change(row["id"], row["key_id"], row["session_id"], values)
        for row in rows
        if (values := changed_columns(row, scrubber, _TEXTS, _IDS, _JSON))
    ]
    return (rows[-1]["id"] if len(rows) == BATCH else None), changes


def changed_columns(
    row: RowMapping, scrubber: Scrubber, texts: Sequence[str], ids: Sequence[str], json: Sequence[str]
) -> dict[str, Any]:
    """The new values of those columns in which something was redacted."""
    plain = [*texts, *ids]
    before = [*(row[name] for name in plain), *(from_text(row[name]) for name in json)]
    after = scrubber.value(before)
    if after == before:
        return {}
    changed = [(name, new) for name, old, new in zip([*plain, *json], before, after, strict=True) if old != new]
    return {name: fit_id(new) if name in ids else to_text(new) if name in json else new for name, new in changed}


async def apply(conn: AsyncConnection, project_id: str, changes: Sequence[Change]) -> dict[str, str]:
    """Change the traces; gives those that are still there, with their key."""
    touched = {}
    for change in changes:
        row = update(TRACE).where(_T.id == change.id).values(change.values)
        if (await conn.execute(row)).rowcount:
            touched[change.id] = change.key_id
            session_id = change.values.get("session_id")
            if session_id is not None and change.session_id is not None:
                await rename_session(conn, project_id, change.key_id, change.session_id, session_id)
    return touched
