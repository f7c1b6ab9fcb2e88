"""`transom restore`: puts what `transom backup` wrote into an empty place, all or nothing.

What was under way when the backup was made is not in it. The books say so: it died with its gateway.
"""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import ConfigError, Settings
from transom.secret import load_secret
from transom.spool.disk import Disk
from transom.spool.reader import writer_ids
from transom.store.backup.file import (
    ADMIN_TOKEN,
    DATABASES,
    SECRET_KEY,
    Manifest,
    Progress,
    checksum,
    extract,
    read_manifest,
    secret_id,
    silent,
)
from transom.store.backup.postgresql import load
from transom.store.engine import connect, migrate, read_revision, refuse_newer, sqlite_file
from transom.store.models import SPOOL_POSITION
from transom.store.positions import close_writer
from transom.types import Begun

_P = SPOOL_POSITION.c
_UNKNOWN = Begun(first_day=0, last_day=2**31 - 1)


async def restore(settings: Settings, source: Path, progress: Progress = silent) -> Manifest:
    """Put a backup in place (files with mode 0600) and bring its database to this version's schema.

    Every checksum is verified before anything is in place. Raises ConfigError where the file is damaged, newer than
    this version or of another kind of database, where there is a database or a key already, or where the secret is
    another one. If migrating fails, the restored database is kept: `transom migrate` tries again.
    """
    manifest = await asyncio.to_thread(read_manifest, source)
    _check_fit(settings, manifest)
    _check_keys(settings, manifest)
    try:
        await _check_empty(settings, manifest)
        await _put_in_place(settings, source, manifest, progress)
        await migrate(settings.database)
        await _close_lost_writers(settings)
    except OSError as error:
        raise ConfigError(f"{error.filename or 'the database'}: {error.strerror}") from error
    except DBAPIError as error:
        raise ConfigError(f"the database can't be written: {error.orig}") from error
    return manifest


def _check_fit(settings: Settings, manifest: Manifest) -> None:
    kind = "sqlite" if sqlite_file(settings.database) else "postgresql"
    if manifest.database != kind:
        raise ConfigError(f"a backup of {manifest.database} can't be restored to {kind}: change database_url")
    refuse_newer(manifest.schema)


def _check_keys(settings: Settings, manifest: Manifest) -> None:
    """With another secret, nobody would be recognised: tags, digests, callers."""
    comes_along = SECRET_KEY in manifest.sha256
    if settings.secret_key is None:
        if not comes_along:
            raise ConfigError("secret_key: came from the environment: set TRANSOM_SECRET_KEY to what it was")
    elif secret_id(load_secret(settings.data, settings.secret_key.get_secret_value())) != manifest.secret_id:
        advice = "unset it: the backup brings its own" if comes_along else "set it to what it was"
        raise ConfigError(f"secret_key: TRANSOM_SECRET_KEY is not the secret of this backup: {advice}")


async def _check_empty(settings: Settings, manifest: Manifest) -> None:
    """Keys that are those of the backup may stay."""
    for name, path in _key_places(settings).items():
        if path.exists() and checksum(path) != manifest.sha256.get(name):
            raise _exists(path)
    database = sqlite_file(settings.database)
    if database is None:
        await _check_empty_postgresql(settings.database)
        return
    for end in ("", "-wal", "-shm", "-journal"):
        path = database.with_name(database.name + end)
        if path.exists():
            raise _exists(path)


def _exists(path: Path) -> ConfigError:
    return ConfigError(f"{path}: exists already: move it away, or restore into an empty folder with --data")


def _key_places(settings: Settings) -> dict[str, Path]:
    return {name: settings.data / name for name in (SECRET_KEY, ADMIN_TOKEN)}


async def _check_empty_postgresql(url: str) -> None:
    async with _connected(url) as engine, engine.connect() as conn:
        if await conn.run_sync(lambda sync: inspect(sync).get_table_names()):
            raise ConfigError("database_url: the database isn't empty: make a new one, and name that")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(url)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _put_in_place(settings: Settings, source: Path, manifest: Manifest, progress: Progress) -> None:
    """The database comes last: one without its secret would be given a new one by whoever starts."""
    keys = {name: path for name, path in _key_places(settings).items() if name in manifest.sha256}
    copy = DATABASES[manifest.database]
    database = sqlite_file(settings.database)
    homes = dict.fromkeys(keys, settings.data) | {copy: database.parent if database else settings.data}
    with ExitStack() as stack:
        drafts = {name: _draft_folder(stack, home) / name for name, home in homes.items()}
        await asyncio.to_thread(extract, source, manifest, drafts, progress)
        stack.enter_context(_placed({drafts[name]: path for name, path in keys.items() if not path.exists()}))
        if database:
            os.link(drafts[copy], database)
        else:
            progress("Filling the database", 0, 0)
            await _fill_postgresql(settings.database, drafts[copy], manifest)
    for home in set(homes.values()):
        Disk().sync_folder(home)


def _draft_folder(stack: ExitStack, home: Path) -> Path:
    """A folder for a draft on the same disk as its place; it goes with what is left in it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".transom-restore-", dir=home)))


@contextmanager
def _placed(places: Mapping[Path, Path]) -> Iterator[None]:
    """Give each draft its place, and take it away again if what follows fails."""
    done: list[Path] = []
    try:
        for draft, place in places.items():
            os.link(draft, place)
            done.append(place)
        yield
    except BaseException:
        for place in done:
            place.unlink()
        raise


async def _fill_postgresql(url: str, source: Path, manifest: Manifest) -> None:
    async with _connected(url) as engine:
        await load(engine, source)
        if await read_revision(engine) != manifest.schema:
            raise ConfigError("the backup's tables went into another schema than this user's: see its search_path")


async def _close_lost_writers(settings: Settings) -> None:
    """Close the books of those whose spools are gone. With PostgreSQL other hosts may still have theirs."""
    host = platform.node() or "localhost"
    here = set(writer_ids(Disk(), settings.spool_dir, settings.data / "writers"))
    async with _connected(settings.database) as engine:
        lost = select(_P.writer_id).where(~_P.closed, _P.writer_id.not_in(here))
        if engine.dialect.name != "sqlite":
            lost = lost.where(_P.host.in_(("", host)))
        async with engine.connect() as conn:
            writers = (await conn.execute(lost)).scalars().all()
        for writer_id in writers:
            await close_writer(engine, writer_id, host, _UNKNOWN)
