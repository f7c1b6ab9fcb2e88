"""`transom backup`: one file with everything that would be missed, made while the gateway serves.

The database, the secret (`secret.key`) and the admin token (`admin.token`), as far as they live in the data folder.
Not the spool: it holds what is under way, and is recorded within moments. And never the spool's key: whoever finds a
backup must not find with it what opens a spool.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from transom import __version__
from transom.config import ConfigError, Settings
from transom.secret import load_secret
from transom.spool.disk import Disk
from transom.store.backup.file import (
    ADMIN_TOKEN,
    DATABASES,
    FORMAT,
    SECRET_KEY,
    Kept,
    Manifest,
    Progress,
    checksum,
    secret_id,
    silent,
    write_archive,
)
from transom.store.backup.postgresql import dump
from transom.store.engine import connect, read_revision, sqlite_file

_LOOK_EVERY_S = 0.2


async def backup(settings: Settings, target: Path, progress: Progress = silent) -> Manifest:
    """Write a backup (mode 0600) to `target`, which must not exist; it has that name once it is whole.

    While it works it takes the room of two databases in the target's folder. Raises ConfigError where there is nothing
    to back up, no room, or no pg_dump.
    """
    _check(settings, target)
    try:
        with tempfile.TemporaryDirectory(prefix=".transom-backup-", dir=target.parent) as folder:
            return await _backup(settings, target, Path(folder), progress)
    except OSError as error:
        raise ConfigError(f"{error.filename or target}: {error.strerror}") from error
    except DBAPIError as error:
        raise ConfigError(f"the database can't be read: {error.orig}") from error


def _check(settings: Settings, target: Path) -> None:
    database = sqlite_file(settings.database)
    if database and not database.exists():
        raise ConfigError(f"{database}: no database to back up: name its folder with --data")
    if target.exists():
        raise ConfigError(f"{target}: exists already: choose another name")
    if not target.parent.is_dir():
        raise ConfigError(f"{target.parent}: no such folder: make it first")
    if not settings.secret_key and not (settings.data / SECRET_KEY).exists():
        raise ConfigError(f"{settings.data / SECRET_KEY}: missing: name its folder with --data")


async def _backup(settings: Settings, target: Path, folder: Path, progress: Progress) -> Manifest:
    created_at = datetime.now(UTC).replace(microsecond=0)
    engine = connect(settings.database)
    kind = engine.dialect.name
    copy = folder / DATABASES[kind]
    try:
        schema = await read_schema(engine)
        if schema is None:
            raise ConfigError("the database is empty: there is nothing to back up")
        if kind == "sqlite":
            await _copy_sqlite(engine, copy, progress)
        else:
            await _watched(dump(engine, copy), copy, 0, progress)
    finally:
        await engine.dispose()
    members = {copy.name: copy} | _keys(settings)
    return await asyncio.to_thread(_pack, settings, schema, created_at, members, target, progress)


async def read_schema(engine: AsyncEngine) -> str | None:
    """As `read_revision`. Raises ConfigError where the database can't be reached."""
    try:
        return await read_revision(engine)
    except OSError as error:
        raise ConfigError(f"the database can't be reached: {error.strerror or 'no answer'}") from error


async def _copy_sqlite(engine: AsyncEngine, target: Path, progress: Progress) -> None:
    """A copy of the database as it was at one moment; those who write meanwhile don't wait.

    SQLite's own copying is as fast, but would take along unused pages, and what an older version's erasure left there.
    """
    async with engine.connect() as conn:
        pages, page_size = [
            (await conn.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size")
        ]
        await conn.exec_driver_sql("COMMIT")
        copying = conn.exec_driver_sql("VACUUM INTO ?", (str(target),))
        await _watched(copying, target, pages * page_size, progress)


async def _watched(work: Coroutine[Any, Any, Any], target: Path, size: int, progress: Progress) -> None:
    """Tell how the file grows while the work is done."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK_EVERY_S)
            progress("Copying the database", _size(target), size)
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _keys(settings: Settings) -> dict[str, Path]:
    """Those that lie in the data folder."""
    configured = {SECRET_KEY: settings.secret_key, ADMIN_TOKEN: settings.admin_token}
    paths = {name: settings.data / name for name in configured if not configured[name]}
    return {name: path for name, path in paths.items() if path.exists()}


def _pack(
    settings: Settings, schema: str, created_at: datetime, members: dict[str, Path], target: Path, progress: Progress
) -> Manifest:
    """Put everything into a draft beside the database's copy, and give it its name."""
    manifest = _manifest(settings, schema, created_at, members)
    draft = members[DATABASES[manifest.database]].with_name("draft")
    write_archive(draft, manifest, members, progress)
    draft.rename(target)
    Disk().sync_folder(target.parent)
    return manifest


def _manifest(settings: Settings, schema: str, created_at: datetime, members: dict[str, Path]) -> Manifest:
    secret = load_secret(settings.data, settings.secret_key.get_secret_value() if settings.secret_key else None)
    kept: Kept | None = "file" if ADMIN_TOKEN in members else None
    return Manifest(
        format=FORMAT,
        transom=__version__,
        schema=schema,
        created_at=created_at,
        database="sqlite" if DATABASES["sqlite"] in members else "postgresql",
        secret="file" if SECRET_KEY in members else "environment",
        secret_id=secret_id(secret),
        admin_token="environment" if settings.admin_token else kept,
        sha256={name: checksum(path) for name, path in members.items()},
    )
