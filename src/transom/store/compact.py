"""After deletions: what was deleted leaves the files too, and the room it took can be used again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.store.dialect import is_sqlite, writing
from transom.store.pace import giving_way

MERGED_PAGES = 500
"""Pages of the index that are merged in one transaction: about two megabytes."""

FREED_PAGES = 1_000
MOST_FREE = 0.25
"""Of a file; if more of its pages are free, they are given back."""

_CHECKPOINT_WAIT_MS = 200
"""As long, a checkpoint may keep writers waiting for readers to end."""

_VACUUM = (
    "VACUUM (ANALYZE) trace, message, message_words, session_message, feedback, chain, priced_response, entity_hash"
)


async def compact(db: AsyncEngine) -> bool:
    """Take what was deleted out of the files, in steps that keep no writer waiting long; False if readers hindered it.

    SQLite overwrites what is deleted (`secure_delete`), but for words, which leave the index when it is merged, and
    for the write-ahead log. PostgreSQL makes the room free to be overwritten.
    """
    async with db.connect() as conn:
        sqlite = is_sqlite(conn)
    if not sqlite:
        async with db.connect() as conn:
            autocommit = await conn.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text(_VACUUM))
        return True
    await _merge_words(db)
    await _give_back(db)
    return await _empty_log(db)


async def _merge_words(db: AsyncEngine) -> None:
    """Merge the index of words into one piece: only then are deleted words gone (FTS5, "The 'merge' Command").

    A negative number begins that; changing less than two rows, a step says that nothing is left to do.
    """
    pages = -MERGED_PAGES
    while True:
        async with giving_way(), writing(db) as conn:
            before = await _number(conn, "SELECT total_changes()")
            await conn.exec_driver_sql("INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)", (pages,))
            if await _number(conn, "SELECT total_changes()") - before < 2:
                return
        pages = MERGED_PAGES


async def _give_back(db: AsyncEngine) -> None:
    """Shorten the file if much of it is free. One made without `auto_vacuum` keeps its free pages."""
    async with db.connect() as conn:
        free, pages = await _number(conn, "PRAGMA freelist_count"), await _number(conn, "PRAGMA page_count")
    while free > pages * MOST_FREE:
        async with giving_way(), db.connect() as conn:
            # One call frees pages until its statement is run to the end, which only a script is.
            driver: Any = (await conn.get_raw_connection()).driver_connection
            await driver.executescript(f"PRAGMA incremental_vacuum({FREED_PAGES})")
            left = await _number(conn, "PRAGMA freelist_count")
        if left >= free:
            return
        free = left


async def _empty_log(db: AsyncEngine) -> bool:
    """Copy the write-ahead log into the database and cut it off."""
    async with db.connect() as conn:
        await conn.exec_driver_sql("COMMIT")
        before = await _number(conn, "PRAGMA busy_timeout")
        await conn.exec_driver_sql(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
        busy = await _number(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
        await conn.exec_driver_sql(f"PRAGMA busy_timeout = {before}")
        await conn.exec_driver_sql("BEGIN")
    return not busy


async def _number(conn: AsyncConnection, query: str) -> int:
    return int((await conn.exec_driver_sql(query)).scalar_one())
