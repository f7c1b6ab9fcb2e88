"""`transom spool status`: what waits in this host's spool, for a person to read."""

from __future__ import annotations

import time
from pathlib import Path

from rich.table import Table

from transom.config import Settings
from transom.record.books import is_away
from transom.spool.reader import Position
from transom.spool.status import WriterStatus, spool_status
from transom.store.engine import connect
from transom.store.positions import read_positions


async def show_status(settings: Settings, keys: list[bytes]) -> Table:
    """A row for each writer. Where the store can't be asked, all that lies in the spool counts as waiting."""
    positions, caption = await _positions(settings) if _has_store(settings) else ({}, None)
    found = spool_status(settings.spool_dir, settings.data / "writers", keys, positions)
    table = Table("writer", "state", "files", "bytes", "waiting", "unreadable", "oldest", caption=caption)
    for column in table.columns[2:]:
        column.justify = "right"
    for writer in found:
        table.add_row(*_cells(writer))
    table.add_section()
    totals = [sum(getattr(w, name) for w in found) for name in ("files", "bytes", "waiting", "locked")]
    table.add_row("all", "", *(f"{total:,}" for total in totals), "")
    return table


def _has_store(settings: Settings) -> bool:
    """Asking SQLite would make an empty file."""
    return settings.database_url is not None or Path(settings.data, "transom.db").exists()


async def _positions(settings: Settings) -> tuple[dict[str, Position], str | None]:
    engine = connect(settings.database)
    try:
        async with engine.connect() as connection:
            found = await read_positions(connection)
    except Exception as error:
        if not is_away(error):
            raise
        return {}, "The store is away, so what is recorded already counts as waiting too."
    finally:
        await engine.dispose()
    return {writer_id: Position.parse(text) for writer_id, text in found.items()}, None


def _cells(writer: WriterStatus) -> list[str]:
    age = "" if writer.oldest is None else f"{max(0, time.time_ns() - writer.oldest) / 1e9:,.0f} s"
    numbers = (writer.files, writer.bytes, writer.waiting, writer.locked)
    return [writer.writer_id[:12], "alive" if writer.alive else "ended", *(f"{n:,}" for n in numbers), age]
