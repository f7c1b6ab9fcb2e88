from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, trace_id, write
from transom.config import ConfigError
from transom.store.archive.keep import keep_traces
from transom.store.archive.query import print_query


@pytest.fixture
async def archive(db: AsyncEngine, tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    await write(db, *(exchange(n, user_id=f"user, {n}") for n in range(3)), exchange(3, project_id="a/b"))
    await keep_traces(db, folder, [trace_id(n) for n in range(4)])
    return folder


def test_rows_as_csv_and_jsonl(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT user_id, route, started_at, cost_usd FROM traces WHERE project = 'default' ORDER BY id LIMIT 1"
    print_query(archive, sql, "csv")
    print_query(archive, sql, "jsonl")
    assert capsys.readouterr().out.splitlines() == [
        "user_id,route,started_at,cost_usd",
        '"user, 0",,2023-11-14 22:00:00,0.000002500000',
        '{"user_id":"user, 0","route":null,"started_at":"2023-11-14T22:00:00","cost_usd":"0.000002500000"}',
    ]


def test_a_table(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_query(archive, "SELECT project, date, hour, count(*) AS n FROM traces GROUP BY ALL ORDER BY n", "table")
    shown = capsys.readouterr().out
    assert [word for word in ("project", "a/b", "default", "2023-11-14", "22", "3") if word not in shown] == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM traces",
        "COPY (SELECT 1) TO '{archive}/out.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{archive}/out.parquet'",
        "SELECT 1; SELECT 2",
        "SET enable_external_access = true",
        "ATTACH '{archive}/x.db'",
        "",
    ],
)
def test_it_can_only_be_read(archive: Path, sql: str) -> None:
    before = sorted(archive.rglob("*"))
    with pytest.raises(ConfigError, match="only be read"):
        print_query(archive, sql.format(archive=archive), "csv")
    assert sorted(archive.rglob("*")) == before


@pytest.mark.parametrize("sql", ["SELECT * FROM read_text('{other}')", "SELECT * FROM '{other}'", "SELECT nothing"])
def test_nothing_else_can_be_read(archive: Path, tmp_path: Path, sql: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="archive: "):
        print_query(archive, sql.format(other=other), "csv")


def test_what_cannot_be_queried_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name its folder"):
        print_query(None, "SELECT 1", "csv")
    with pytest.raises(ConfigError, match="holds no files yet"):
        print_query(tmp_path, "SELECT 1", "csv")
