"""`transom archive query`: SQL over the archive, which can read it and nothing else."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transom.config import ConfigError
from transom.store.archive.files import check_archive, duckdb_in_memory, files_of
from transom.store.rows import to_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Format = Literal["table", "csv", "jsonl"]

_VIEW = """CREATE VIEW traces AS SELECT * REPLACE (make_timestamp_ns(started_at) AS started_at)
FROM read_parquet('{pattern}', union_by_name = true, hive_partitioning = true,
hive_types = {{'project': VARCHAR, 'date': DATE, 'hour': BIGINT}})"""
_ROWS = 1_000
"""Fetched at a time."""


def print_query(folder: Path | None, sql: str, format: Format) -> None:
    """Run one SELECT over the view `traces` and print what it gives.

    The view has the columns of the files, `started_at` as a timestamp (UTC), and of their path `project`, `date` and
    `hour`. Raises ConfigError for what can't be answered, with the reason.
    """
    if folder is None:
        raise ConfigError("retention.archive: there is no archive; name its folder in the settings")
    check_archive(folder)
    import duckdb

    with duckdb_in_memory() as duck:
        try:
            _open(duck, folder)
            _refuse_all_but_select(sql)
            duck.execute(sql)
            _PRINTERS[format]([column[0] for column in duck.description or ()], _fetch(duck))
        except duckdb.Error as error:
            raise ConfigError(f"archive: {error}") from None


def _open(duck: DuckDBPyConnection, folder: Path) -> None:
    """Show the files as a view, and lock everything else."""
    if not files_of(folder):
        raise ConfigError(f"archive: {folder} holds no files yet: traces come here when their days are over")
    folder = folder.absolute()
    if any(char in str(folder) for char in "*?['"):
        raise ConfigError(f"archive: {folder}: a folder with one of * ? [ ' in its name can't be queried")
    duck.execute("SET threads = 4")
    duck.execute(_VIEW.format(pattern=f"{folder}/project=*/*/*/*.parquet"))
    duck.execute(f"SET allowed_directories = ['{folder}/']")
    duck.execute("SET enable_external_access = false")
    duck.execute("SET lock_configuration = true")


def _refuse_all_but_select(sql: str) -> None:
    import duckdb

    statements = duckdb.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise ConfigError("archive: give one SELECT: the archive can only be read")


def _fetch(duck: DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := duck.fetchmany(_ROWS):
        yield from rows


def _print_table(names: list[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(*names)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    Console().print(table)


def _print_csv(names: list[str], rows: Iterable[Sequence[Any]]) -> None:
    out = csv.writer(sys.stdout)
    out.writerow(names)
    out.writerows(rows)


def _print_jsonl(names: list[str], rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sys.stdout.write(to_text(dict(zip(names, row, strict=True))) + "\n")


_PRINTERS = {"table": _print_table, "csv": _print_csv, "jsonl": _print_jsonl}
