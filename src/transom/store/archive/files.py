"""The archive's files: where they are, how one is written, and who may change them."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from transom.config import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNFINISHED = ".unfinished"
"""The folder in which files are written before they have their place."""


def check_archive(folder: Path | None) -> None:
    """Raise ConfigError where there is to be an archive and what it needs is not installed."""
    if folder is not None and find_spec("duckdb") is None:
        raise ConfigError('retention.archive: needs DuckDB; run: pip install "transom[archive]"')


def hour_of(folder: Path, project_id: str, started_at: int) -> Path:
    """The folder of a trace."""
    begun = datetime.fromtimestamp(started_at // 10**9, UTC)
    return folder / _project(project_id) / f"date={begun:%Y-%m-%d}" / f"hour={begun:%H}"


def files_of(folder: Path, project_id: str | None = None) -> list[Path]:
    """All files, or a project's."""
    return sorted(folder.glob(f"{'project=*' if project_id is None else _project(project_id)}/*/*/*.parquet"))


def _project(project_id: str) -> str:
    return f"project={quote(project_id, safe='')}"


@contextmanager
def duckdb_in_memory() -> Iterator[DuckDBPyConnection]:
    """DuckDB with nothing in it, that writes only where it is told to."""
    import duckdb

    connection = duckdb.connect(config={"temp_directory": "", "threads": 1})
    try:
        yield connection
    finally:
        connection.close()


@asynccontextmanager
async def changing(folder: Path) -> AsyncIterator[None]:
    """Be the only one who changes the archive, and clear away what one that was cut off has left unfinished."""
    unfinished = folder / _UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(unfinished / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_EX)
        for leftover in unfinished.glob("*.parquet"):
            leftover.unlink()
        yield
    finally:
        os.close(descriptor)


def write_file(duck: DuckDBPyConnection, source: str, values: list[Any], folder: Path, target: Path) -> None:
    """Write what `source`, a table or a query, has to a file of the archive: whole or not at all, and on disk then."""
    unfinished = folder / _UNFINISHED / target.name
    target.parent.mkdir(parents=True, exist_ok=True)
    duck.execute(f"COPY {source} TO '{_quoted(str(unfinished))}' (FORMAT parquet, COMPRESSION zstd)", values)
    unfinished.chmod(0o600)
    sync(unfinished)
    unfinished.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rows_of(files: list[Path], options: str = "") -> str:
    """The rows of these files, as SQL has it behind FROM."""
    names = ", ".join(f"'{_quoted(_literal(file))}'" for file in files)
    return f"read_parquet([{names}], hive_partitioning = false{options})"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _literal(path: Path) -> str:
    """A path as a pattern that matches it alone."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
