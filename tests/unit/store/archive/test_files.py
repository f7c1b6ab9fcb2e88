from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from transom.config import ConfigError
from transom.store.archive import files
from transom.store.archive.files import (
    changing,
    check_archive,
    duckdb_in_memory,
    files_of,
    hour_of,
    rows_of,
    write_file,
)

NINE = 1_700_000_000 * 10**9 // (86_400 * 10**9) * (86_400 * 10**9) + 9 * 3600 * 10**9 + 5


def test_without_what_it_needs_an_archive_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    check_archive(Path("archive"))
    monkeypatch.setattr(files, "find_spec", lambda _: None)
    check_archive(None)
    with pytest.raises(ConfigError, match=r'pip install "transom\[archive\]"'):
        check_archive(Path("archive"))


def test_a_trace_has_its_folder_by_project_day_and_hour(tmp_path: Path) -> None:
    assert hour_of(tmp_path, "default", NINE) == tmp_path / "project=default/date=2023-11-14/hour=09"
    assert hour_of(tmp_path, "../a b", NINE).parts[-3] == "project=..%2Fa%20b"


@pytest.mark.parametrize("folder", ["plain", "it's", "a*b?[c]", "with space"])
async def test_a_file_is_written_and_read_wherever_it_is(tmp_path: Path, folder: str) -> None:
    root = tmp_path / folder
    file = hour_of(root, "p", NINE) / "part-1.parquet"
    with duckdb_in_memory() as duck:
        async with changing(root):
            write_file(duck, "(SELECT ? AS n)", [7], root, file)
        assert files_of(root) == files_of(root, "p") == [file]
        assert files_of(root, "q") == []
        assert duck.execute(f"SELECT * FROM {rows_of([file])}").fetchall() == [(7,)]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_what_was_left_unfinished_is_cleared_away(tmp_path: Path) -> None:
    async with changing(tmp_path):
        left = tmp_path / ".unfinished" / "part-1.parquet"
        left.write_bytes(b"half a file")
    async with changing(tmp_path):
        assert not left.exists()
    assert files_of(tmp_path) == []


async def test_one_changes_the_archive_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    async def change(name: str) -> None:
        async with changing(tmp_path):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(change("a"), change("b"))
    assert order in ([f"{n} {w}" for n in first for w in ("begins", "ends")] for first in ("ab", "ba"))
