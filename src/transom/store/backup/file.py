"""A backup's file: a tar of a manifest and the members that the manifest names, nothing else.

manifest.json       what this is, and the SHA-256 of each member
transom.db          the database: SQLite's file, or `postgresql.dump`, made by pg_dump
secret.key          unless the secret comes from the environment
admin.token         if the data folder holds one
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import msgspec

from transom.config import ConfigError
from transom.secret import Secret, derive

if TYPE_CHECKING:
    from _typeshed import SupportsRead

FORMAT = 1
MANIFEST = "manifest.json"
SECRET_KEY, ADMIN_TOKEN = "secret.key", "admin.token"
DATABASES = {"sqlite": "transom.db", "postgresql": "postgresql.dump"}
_KEYS = (SECRET_KEY, ADMIN_TOKEN)
_BLOCK_BYTES = 2**20

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many bytes of it are done, and of how many (0: nobody knows)."""

Kept = Literal["file", "environment"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of.

    `format` is this file's own; `transom` the version that wrote it; `schema` the database's revision. `secret` and
    `admin_token` say whether they are members or come from the environment (None: there was none). `secret_id` tells
    secrets apart and gives none away. `sha256` has a hex digest for each member.
    """

    format: int
    transom: str
    schema: str
    created_at: datetime
    database: Literal["sqlite", "postgresql"]
    secret: Kept
    secret_id: str
    admin_token: Kept | None
    sha256: dict[str, str]


class _Format(msgspec.Struct):
    format: int


def silent(_what: str, _done: int, _total: int) -> None:
    """Tells nobody how far the work is."""


def secret_id(secret: Secret) -> str:
    """Stands for a secret: 16 hex digits."""
    return derive(secret.key, "transom backup secret id")[:8].hex()


def checksum(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_archive(path: Path, manifest: Manifest, members: Mapping[str, Path], progress: Progress) -> None:
    """Make the file (mode 0600), whole and on the disk when this returns."""
    content = msgspec.json.format(msgspec.json.encode(manifest))
    meter = _Meter(progress, "Writing the backup", sum(member.stat().st_size for member in members.values()))
    with create_private(path) as file, tarfile.open(fileobj=file, mode="w") as tar:
        _add(tar, MANIFEST, BytesIO(content), len(content), manifest.created_at)
        for name, member in members.items():
            with member.open("rb") as source:
                _add(tar, name, meter.reading(source), member.stat().st_size, manifest.created_at)


def _add(tar: tarfile.TarFile, name: str, source: SupportsRead[bytes], size: int, at: datetime) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    tar.addfile(info, source)


@contextmanager
def create_private(path: Path) -> Iterator[IO[bytes]]:
    """A new file (mode 0600) to write, on the disk when the block ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def read_manifest(source: Path) -> Manifest:
    """What a backup says of itself. Raises ConfigError where `source` is none that this version can read."""
    with _opened(source) as tar:
        first = tar.next()
        if first is None or first.name != MANIFEST or first.size > _BLOCK_BYTES:
            raise _Damaged
        content = _content(tar, first).read()
        if msgspec.json.decode(content, type=_Format).format > FORMAT:
            raise ConfigError(f"{source}: written by a newer version of Transom: restore it with that one")
        manifest = msgspec.json.decode(content, type=Manifest)
        if not {DATABASES[manifest.database]} <= manifest.sha256.keys() <= {*_KEYS, DATABASES[manifest.database]}:
            raise _Damaged
    return manifest


def extract(source: Path, manifest: Manifest, drafts: Mapping[str, Path], progress: Progress) -> None:
    """Write every member to its draft (mode 0600): those that the manifest names, and no others.

    Raises ConfigError unless all of them are there, each once and with its checksum.
    """
    meter = _Meter(progress, "Verifying the backup", source.stat().st_size)
    missing = dict(manifest.sha256)
    with _opened(source) as tar:
        tar.next()
        while member := tar.next():
            expected = missing.pop(member.name, None)
            if expected is None or _copy(meter.reading(_content(tar, member)), drafts[member.name]) != expected:
                raise _Damaged
        if missing:
            raise _Damaged


def _copy(source: SupportsRead[bytes], target: Path) -> str:
    """Gives the SHA-256 of what was copied."""
    digest = sha256()
    with create_private(target) as file:
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member) if member.type == tarfile.REGTYPE else None
    if file is None:
        raise _Damaged
    return file


class _Damaged(Exception):
    """The file isn't what its manifest says, or has none."""


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    """The tar; what is wrong with it is said by ConfigError."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            yield tar
    except (_Damaged, tarfile.TarError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: damaged, or no backup made by `transom backup`; nothing was restored") from error
    except OSError as error:
        raise ConfigError(f"{error.filename or source}: {error.strerror}; nothing was restored") from error


class _Meter:
    """Counts what is read of several files."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total = progress, what, total
        self._done = 0

    def reading(self, file: IO[bytes]) -> _Metered:
        """The file, counted as it is read."""
        return _Metered(file, self._count)

    def _count(self, size: int) -> None:
        self._done += size
        self._progress(self._what, self._done, self._total)


class _Metered:
    def __init__(self, file: IO[bytes], count: Callable[[int], None]) -> None:
        self._file, self._count = file, count

    def read(self, size: int = -1, /) -> bytes:
        block = self._file.read(size)
        self._count(len(block))
        return block
