"""Puts expired traces into the archive."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.store.archive.files import changing, duckdb_in_memory, hour_of, rows_of, write_file
from transom.store.models import FEEDBACK, TRACE
from transom.store.read import Row, content_of, feedback_row, held_ids, read_messages, usd
from transom.store.rows import to_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHUNK = 200
"""Traces that are read at a time."""

_T, _F = TRACE.c, FEEDBACK.c
_KEPT = [column for column in TRACE.columns if column.name not in ("cost", "message_ids", "inputs", "tools_id")]
_CONTENT = ("input_messages", "output_messages", "tools", "remarks", "feedback")


def _type_of(column: Column[Any]) -> str:
    kinds = {BigInteger: "BIGINT", Integer: "BIGINT", Float: "DOUBLE", Boolean: "BOOLEAN"}
    return next((name for kind, name in kinds.items() if isinstance(column.type, kind)), "VARCHAR")


COLUMNS = {
    **{column.name: _type_of(column) for column in _KEPT},
    "cost_usd": "DECIMAL(30,12)",
    **dict.fromkeys(_CONTENT, "VARCHAR"),
}
"""Of a file: names, and DuckDB's types."""


async def keep_traces(db: AsyncEngine, folder: Path, ids: Sequence[str]) -> int:
    """Write those of the traces that aren't in the archive yet; gives how many. Call it before they are deleted.

    Nobody erases from the archive between the reading of the traces and the writing of their files.
    """
    hours: dict[Path, list[str]] = defaultdict(list)
    async with changing(folder), db.connect() as conn:
        for trace in await conn.execute(select(_T.id, _T.project_id, _T.started_at).where(_T.id.in_(ids))):
            hours[hour_of(folder, trace.project_id, trace.started_at)].append(trace.id)
        return sum([await _keep_hour(conn, folder, hour, sorted(hours[hour])) for hour in sorted(hours)])


async def _keep_hour(conn: AsyncConnection, folder: Path, hour: Path, ids: Sequence[str]) -> int:
    with duckdb_in_memory() as duck:
        known = await asyncio.to_thread(_known, duck, hour, ids)
        new = [trace_id for trace_id in ids if trace_id not in known]
        if not new:
            return 0
        duck.execute(f"CREATE TABLE part ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
        for start in range(0, len(new), CHUNK):
            rows = await _read(conn, new[start : start + CHUNK])
            await asyncio.to_thread(_add, duck, rows)
        await asyncio.to_thread(write_file, duck, "part", [], folder, hour / f"part-{new[0]}.parquet")
    return len(new)


def _known(duck: DuckDBPyConnection, hour: Path, ids: Sequence[str]) -> set[str]:
    """Which of these a run that was cut off has put in the archive already."""
    files = sorted(hour.glob("*.parquet"))
    if not files:
        return set()
    query = f"SELECT id FROM {rows_of(files)} WHERE id IN (SELECT unnest(?::VARCHAR[]))"  # noqa: S608
    return {row[0] for row in duck.execute(query, [list(ids)]).fetchall()}


def _add(duck: DuckDBPyConnection, rows: Sequence[Row]) -> None:
    shape = to_text([COLUMNS])
    query = f"INSERT INTO part SELECT unnest(from_json_strict(?, '{shape}'), max_depth := 2)"
    duck.execute(query, [to_text(list(rows))])


async def _read(conn: AsyncConnection, ids: Sequence[str]) -> list[Row]:
    """The traces as rows of the archive."""
    traces = (await conn.execute(select(TRACE).where(_T.id.in_(ids)).order_by(_T.id))).mappings().all()
    stored = await read_messages(conn, [i for trace in traces for i in held_ids(trace)])
    said = await _feedback_on(conn, traces)
    return [_row(trace, {**content_of(trace, stored), "feedback": _about(trace, said)}) for trace in traces]


def _row(trace: Any, content: Row) -> Row:
    kept = {column.name: trace[column.name] for column in _KEPT}
    return {**kept, "cost_usd": usd(trace["cost"]), **{name: to_text(content[name]) for name in _CONTENT}}


async def _feedback_on(conn: AsyncConnection, traces: Sequence[Any]) -> list[Row]:
    """What was said of traces and of their sessions."""
    sessions = sorted({trace["session_id"] for trace in traces if trace["session_id"]})
    on_session = and_(_F.target == "session", _F.target_id.in_(sessions))
    said = select(FEEDBACK).where(or_(_F.trace_id.in_([trace["id"] for trace in traces]), on_session))
    found = await conn.execute(said.order_by(_F.created_at, _F.id))
    return [feedback_row(row) for row in found.mappings()]


def _about(trace: Any, said: Sequence[Row]) -> list[Row]:
    session = tuple(trace[name] for name in ("project_id", "key_id", "session_id"))
    return [row for row in said if row["trace_id"] == trace["id"] or _session_meant(row) == session]


def _session_meant(said: Row) -> tuple[str, ...] | None:
    names = ("project_id", "key_id", "target_id")
    return tuple(said[name] for name in names) if said["target"] == "session" else None
