"""Everywhere that an exchange could have left something on a disk: files, and the tables of PostgreSQL."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import ConfigError, Settings
from transom.prove.search import PIECE_BYTES, Search, Stream

_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")


class Place(NamedTuple):
    """What was searched under one name, and the kinds of which a value was found there."""

    name: str
    bytes: int
    kinds: set[str]


def search_files(search: Search, settings: Settings) -> list[Place]:
    """The data folder, the spool, SQLite's files and the logs: one place for each file or folder in the first.

    Raises ConfigError for a log that isn't there, or anything that can't be read.
    """
    places: dict[str, Place] = {}
    for name, path in _files(settings):
        stream = Stream(search)
        _read(path, stream)
        known = places.get(name, Place(name, 0, set()))
        places[name] = Place(name, known.bytes + stream.bytes, known.kinds | stream.kinds)
    return list(places.values())


def search_spool(search: Search, settings: Settings) -> Place:
    """The spool alone, which is quick: while exchanges wait in it."""
    stream = Stream(search)
    for path in _walk(settings.spool_dir):
        _read(path, stream)
    return Place("spool, before recording", stream.bytes, stream.kinds)


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    data, spool = settings.data.absolute(), settings.spool_dir.absolute()
    for path in _walk(data):
        yield path.relative_to(data).parts[0], path
    if not spool.is_relative_to(data):
        for path in _walk(spool):
            yield "spool", path
    for path in _sqlite(settings.database):
        if not path.is_relative_to(data):
            yield path.name, path
    for path in logs(settings):
        yield f"log {path.name}", path


def _walk(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder, onerror=_unless_gone):
        for name in names:
            path = Path(above) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise _unreadable(Path(error.filename), error)


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"proof: can't read {path}: {error.strerror}: prove as the user that Transom runs as")


def _sqlite(url: str) -> list[Path]:
    """The database and what SQLite keeps next to it."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return []
    path = Path(parsed.database).absolute()
    return [side for ending in ("", "-wal", "-shm", "-journal") if (side := Path(f"{path}{ending}")).exists()]


def logs(settings: Settings) -> list[Path]:
    """The log files that are named, and the file that this process's own log goes to, if it is one."""
    for path in settings.proof.logs:
        if not path.is_file():
            raise ConfigError(f"proof.logs: there is no file {path}")
    own = [path for path in [_own_log()] if path]
    return list(dict.fromkeys(path.resolve() for path in [*settings.proof.logs, *own]))


def _own_log() -> Path | None:
    """A supervised process writes where all of them do."""
    try:
        if stat.S_ISREG(os.fstat(2).st_mode):
            path = Path("/proc/self/fd/2").readlink()
            return path if path.is_file() else None
    except OSError:
        return None
    return None


def _read(path: Path, stream: Stream) -> None:
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(PIECE_BYTES):
                stream.feed(piece)
    except FileNotFoundError:
        pass  # recorded meanwhile
    except OSError as error:
        raise _unreadable(path, error) from None
    stream.finish()


async def search_postgres(search: Search, engine: AsyncEngine) -> list[Place]:
    """Every row of every table, as PostgreSQL's binary COPY sends it; nothing for another database."""
    if engine.dialect.name != "postgresql":
        return []
    async with engine.connect() as conn:
        tables = list((await conn.execute(_TABLES)).scalars())
        driver = (await conn.get_raw_connection()).driver_connection
        assert driver is not None
        return [await _search_table(search, driver.copy_from_table, table) for table in tables]


async def _search_table(search: Search, copy: Callable[..., object], table: str) -> Place:
    stream = Stream(search)

    async def take(piece: bytes) -> None:
        stream.feed(piece)

    await copy(table, output=take, format="binary")  # type: ignore[misc]
    stream.finish()
    return Place(f"table {table}", stream.bytes, stream.kinds)


def leaks(places: Iterable[Place]) -> list[tuple[str, str]]:
    """(kind, place) of all that was found."""
    return [(kind, place.name) for place in places for kind in sorted(place.kinds)]
