"""Opens the database and brings it to this version's schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from transom.config import ConfigError
from transom.store.dialect import is_sqlite
from transom.store.search import indexed_words_of_row

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = 0x7472_6D67
"""Names the advisory lock: `trmg`."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

SQLITE_PRAGMAS = {
    "page_size": 8192,  # of a new file, too: texts of a KB or two leave less of a page unused
    "auto_vacuum": "INCREMENTAL",  # of a new file, before anything else is said of it
    "secure_delete": "ON",
    "busy_timeout": 10_000,
    "journal_mode": "WAL",
    "wal_autocheckpoint": 4000,
    "synchronous": "NORMAL",
    "foreign_keys": "ON",
}


class SchemaError(ConfigError):
    """The database's schema isn't the one this version works with; the message says what to do."""


def connect(url: str) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://…` (the async driver may be named too).

    SQLite files are made with mode 0600. Raises SchemaError for any other kind of database.
    """
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise SchemaError(f"`{parsed.get_backend_name()}` is not supported: use sqlite:/// or postgresql://")
    parsed = parsed.set(drivername=driver)
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(parsed)
    return create_async_engine(parsed, hide_parameters=True, pool_pre_ping=True)


def outlive_power_loss(engine: AsyncEngine) -> None:
    """Let every commit on SQLite wait until it is on the disk, as it does on PostgreSQL anyway."""
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _wait_for_the_disk)


def _wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = FULL").close()


def sqlite_file(url: str) -> Path | None:
    """The file that a SQLite URL names, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _connect_sqlite(url: URL) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        _make_private(Path(url.database))
    engine = create_async_engine(url, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Nobody else may read the file; SQLite gives the same mode to its WAL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # else the driver would begin transactions where it sees fit
    connection.create_function("indexed_words", 2, indexed_words_of_row, deterministic=True)  # for a trigger
    cursor = connection.cursor()
    for name, value in SQLITE_PRAGMAS.items():
        cursor.execute(f"PRAGMA {name} = {value}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


async def migrate(db: AsyncEngine | str) -> None:
    """Bring the database to this version's schema: forward only, one process at a time, all or nothing.

    Raises SchemaError where a newer version has been at work.
    """
    if isinstance(db, str):
        engine = connect(db)
        try:
            await migrate(engine)
        finally:
            await engine.dispose()
        return
    async with db.connect() as conn:
        if is_sqlite(conn):
            await conn.exec_driver_sql("COMMIT")
            await conn.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            await conn.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
        await conn.run_sync(_upgrade)
        await conn.commit()


def _upgrade(connection: Connection) -> None:
    refuse_newer(_revision(connection))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def check_schema(engine: AsyncEngine) -> None:
    """Raise SchemaError unless the database has exactly this version's schema."""
    revision = await read_revision(engine)
    refuse_newer(revision)
    if revision != ScriptDirectory(str(MIGRATIONS)).get_current_head():
        found = "is empty" if revision is None else f"has the older schema {revision}"
        raise SchemaError(f"the database {found}: run `transom migrate`")


async def read_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database's schema, or None if it has none of ours."""
    async with engine.connect() as conn:
        return await conn.run_sync(_revision)


def refuse_newer(revision: str | None) -> None:
    """Raise SchemaError for a schema that this version doesn't know."""
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(
            f"the database has the schema {revision}, which this version doesn't know: run a newer version of Transom"
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
