from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import conversation, exchange, feedback, say, trace_id, write
from transom.store.archive import keep
from transom.store.archive.files import duckdb_in_memory, files_of, rows_of
from transom.store.archive.keep import COLUMNS, keep_traces
from transom.store.deletion import delete_traces
from transom.store.read import get_trace
from transom.types import Cost

HOUR = 3600


def kept(folder: Path) -> list[dict[str, Any]]:
    """All rows of the archive, by id."""
    with duckdb_in_memory() as duck:
        found = duck.execute(f"SELECT * FROM {rows_of(files_of(folder))} ORDER BY id")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


async def test_a_trace_is_kept_whole(db: AsyncEngine, tmp_path: Path) -> None:
    texts = [say("user", 'it\'s "quoted"\n\\ আমার 你好')]
    whole = exchange(1, input_messages=texts, tools=[{"name": "f"}], session_id="s", metadata={"a": [1]})
    await write(db, whole, feedback(trace_id(1), comment="good"), feedback("s", id="fb_2", target="session"))
    assert await keep_traces(db, tmp_path, [trace_id(1)]) == 1
    (row,) = kept(tmp_path)
    assert list(row) == list(COLUMNS)
    async with db.connect() as conn:
        trace = await get_trace(conn, trace_id(1))
    assert trace is not None
    shown = {name: json.loads(row[name]) for name in ("input_messages", "output_messages", "tools", "remarks")}
    assert shown == {name: trace[name] for name in shown}
    assert json.loads(row["metadata"]) == {"a": [1]}
    assert [said["id"] for said in json.loads(row["feedback"])] == ["fb_1", "fb_2"]
    numbers = ("started_at", "input_tokens", "latency_ms", "failed", "error_type", "user_id")
    assert {name: row[name] for name in numbers} == {name: trace[name] for name in numbers}


async def test_costs_are_exact_and_what_is_unknown_is_null(db: AsyncEngine, tmp_path: Path) -> None:
    await write(db, exchange(1, cost=Cost(1, "v")), exchange(2, cost=Cost(10**18 - 1, "v")), exchange(3, cost=Cost()))
    await keep_traces(db, tmp_path, [trace_id(n) for n in (1, 2, 3)])
    costs = [row["cost_usd"] for row in kept(tmp_path)]
    assert costs == [Decimal("0.000000000001"), Decimal("999999.999999999999"), None]


async def test_each_hour_of_a_project_has_its_files(db: AsyncEngine, tmp_path: Path) -> None:
    await write(db, exchange(1), exchange(2), exchange(HOUR + 1), exchange(3, project_id="other"))
    await keep_traces(db, tmp_path, [trace_id(n) for n in (1, 2, 3, HOUR + 1)])
    assert len(kept(tmp_path)) == 4
    hours = {path.parent: path.name for path in files_of(tmp_path)}
    assert len(hours) == 3
    assert f"part-{trace_id(1)}.parquet" in hours.values()


async def test_a_run_that_was_cut_off_doubles_nothing(db: AsyncEngine, tmp_path: Path) -> None:
    ids = [trace_id(n) for n in range(6)]
    await write(db, *(exchange(n) for n in range(6)))
    assert await keep_traces(db, tmp_path, ids[:4]) == 4
    await delete_traces(db, ids[:2])
    assert await keep_traces(db, tmp_path, ids[2:]) == 2
    assert await keep_traces(db, tmp_path, ids) == 0
    assert [row["id"] for row in kept(tmp_path)] == ids


async def test_conversations_are_read_in_pieces(
    db: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "CHUNK", 2)
    await write(db, *conversation(5))
    assert await keep_traces(db, tmp_path, [trace_id(n) for n in range(1, 6)]) == 5
    assert [len(json.loads(row["input_messages"])) for row in kept(tmp_path)] == [2, 4, 6, 8, 10]


async def test_nothing_to_keep(db: AsyncEngine, tmp_path: Path) -> None:
    assert await keep_traces(db, tmp_path, []) == 0
    assert files_of(tmp_path) == []
