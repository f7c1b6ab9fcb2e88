"""Commands for what is stored: schema, backups, the archive, the spool, the price list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from transom.cli.app import app, archive, prices, spool
from transom.cli.start import (
    AdminPortOption,
    ConfigOption,
    DataOption,
    PortOption,
    explained,
    or_fail,
    settings_alone,
    settings_and_secret,
)


@app.command()
def migrate(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Bring the database to this version's schema."""
    from transom.store.engine import migrate as migrate_store

    settings, _ = settings_and_secret("migrate", config, data, port, admin_port)
    explained(migrate_store(settings.database))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Write database, secret and admin token to one file, while everything runs."""
    from transom.store.backup.backup import backup as write_backup

    settings = settings_alone("backup", config, data)
    with _progress_bar() as show:
        explained(write_backup(settings, file, show))
    typer.echo(f"{file}: {file.stat().st_size / 1e6:,.1f} MB. It holds keys: keep it where nobody else can read it.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `transom backup` wrote.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Put a backup into an empty data folder and database."""
    from transom.store.backup.restore import restore as read_backup

    settings = settings_alone("restore", config, data)
    with _progress_bar() as show:
        explained(read_backup(settings, file, show))
    typer.echo(f"{file}: restored. `transom serve` goes on from there.")


@contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """On a terminal, shows the bytes done of each thing that is told to it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done)

        yield show


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"


@archive.command("query")
def query_archive(
    sql: Annotated[str, typer.Argument(help="One SELECT over the view `traces`.")],
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Ask the archive in SQL (DuckDB's); it can only be read."""
    from transom.store.archive.query import print_query

    settings = settings_alone("archive", config, data)
    or_fail(print_query, settings.retention.archive, sql, format.value)


@spool.command("status")
def show_spool(config: ConfigOption = None, data: DataOption = None) -> None:
    """Say what waits in this host's spool, by writer, without opening a record."""
    from transom.record.status import show_status
    from transom.spool.keys import find_keys

    settings, _ = settings_and_secret("spool", config, data, None, None)
    Console(soft_wrap=True).print(asyncio.run(show_status(settings, or_fail(find_keys, settings))))


@prices.command("update")
def update_prices(
    target: Annotated[Path, typer.Argument(help="The file to write.")] = Path("config/prices.json"),
) -> None:
    """Make the price list from the installed litellm package."""
    from transom.usage.prices_update import write

    typer.echo(f"{target}: {write(target)}")
