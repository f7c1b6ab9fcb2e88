"""Takes rows out of the archive again: the files that hold them are written anew, which is rare and costs the time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transom.store.archive.files import changing, duckdb_in_memory, files_of, rows_of, sync, write_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transom.store.erasure import Target

FILES_AT_A_TIME = 500


async def erase_from_archive(folder: Path, target: Target) -> dict[str, int]:
    """Rewrite the files that hold rows of the target, without them.

    Of a user, what they said of others' traces goes too. Gives `{"archive_traces", "archive_files"}`: how many rows
    are gone, and how many files were changed. It reads the columns that the target names, of the whole archive.
    """
    done = {"archive_traces": 0, "archive_files": 0}
    async with changing(folder):
        files = files_of(folder, target.project_id)
        for start in range(0, len(files), FILES_AT_A_TIME):
            rows, changed = await asyncio.to_thread(_erase, folder, files[start : start + FILES_AT_A_TIME], target)
            done["archive_traces"] += rows
            done["archive_files"] += changed
    return done


def _erase(folder: Path, files: list[Path], target: Target) -> tuple[int, int]:
    """Gives how many rows are gone and how many files were changed."""
    matches, values = _condition(target)
    authors = _authors(target)
    said = "list_has_any(json_extract_string(feedback, '$[*].author'), ?::VARCHAR[])"
    with duckdb_in_memory() as duck:
        found = duck.execute(
            f"""SELECT filename, count(*) FILTER (WHERE {matches}) FROM {rows_of(files, ", filename = true")}
            WHERE ({matches}) OR {said} GROUP BY filename""",  # noqa: S608
            [*values, *values, authors],
        ).fetchall()
        for name, _ in found:
            _rewrite(duck, folder, Path(name), target)
    return sum(rows for _, rows in found), len(found)


def _rewrite(duck: DuckDBPyConnection, folder: Path, file: Path, target: Target) -> None:
    """Leave in a file what doesn't match. One with nothing left goes."""
    matches, values = _condition(target)
    left = f"{rows_of([file])} WHERE ({matches}) IS NOT TRUE"
    rows = duck.execute(f"SELECT count(*) FROM {left}", values).fetchone()  # noqa: S608
    if rows and rows[0]:
        said = """to_json(list_filter(from_json(feedback, '["JSON"]'),
            lambda one: NOT list_contains(?::VARCHAR[], one ->> 'author')))"""
        query = f"(SELECT * REPLACE ({said} AS feedback) FROM {left})"  # noqa: S608
        write_file(duck, query, [_authors(target), *values], folder, file)
    else:
        file.unlink()
        sync(file.parent)


def _authors(target: Target) -> list[str]:
    """Whose words go, wherever they are."""
    return target.one_of["user_id"] if target.of_nothing_but("user_id") else []


def _condition(target: Target) -> tuple[str, list[Any]]:
    """What a row must fulfil, in SQL, and the values in it. The project is in the files' path."""
    conditions = ["started_at >= ? AND started_at < ?"]
    values: list[Any] = [target.since, target.before]
    for name, accepted in target.one_of.items():
        conditions.append(f"{name} IN (SELECT unnest(?::VARCHAR[]))")
        values.append(accepted)
    if target.failed is not None:
        conditions.append("failed = ?")
        values.append(target.failed)
    return " AND ".join(conditions), values
