"""Where the spool's key comes from. It must never be on the disk that holds the spool."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from transom.config import ConfigError, Settings
from transom.secret import create_once

FD_VARIABLE = "TRANSOM_SPOOL_KEY_FD"
_KEY_BYTES = 32


def key_outlives_us(settings: Settings) -> bool:
    """Whether a later process of this host will find the same key. One handed down by a supervisor ends with it."""
    return bool(settings.spool_key) or _kept_in_memory(settings.data, create=False) is not None


def forget_key(settings: Settings) -> None:
    """Remove the key that the system keeps in memory, if there is nothing left that it opens."""
    if not settings.spool_dir.exists() or not any(settings.spool_dir.iterdir()):
        for folder in _memory_folders():
            (folder / _file_name(settings.data)).unlink(missing_ok=True)


def find_key(settings: Settings) -> bytes:
    """The key that was configured, handed down by the supervisor, or is kept in memory by the system.

    Raises ConfigError where there is none.
    """
    key = _configured(settings) or _inherited() or _kept_in_memory(settings.data, create=True)
    if key is None:
        raise ConfigError(
            "spool_key: this system has no memory-backed folder to keep one in; "
            "set TRANSOM_SPOOL_KEY or TRANSOM_SPOOL_KEY_FILE, the same for all processes of this host"
        )
    return key


def find_keys(settings: Settings) -> list[bytes]:
    """All keys that may open what is in the spool: that of `find_key`, and the one before while it is being replaced.

    Raises ConfigError as `find_key` does.
    """
    previous = settings.spool_key_previous
    return [find_key(settings), *([_digest(previous)] if previous else [])]


def find_or_make_key(settings: Settings) -> tuple[bytes, bool]:
    """The supervisor's way: as `find_key`, else a key for its own lifetime. True says that the key outlives it."""
    key = _configured(settings) or _inherited() or _kept_in_memory(settings.data, create=True)
    return (key, True) if key else (os.urandom(_KEY_BYTES), False)


def key_pipe(key: bytes) -> int:
    """A descriptor from which one child can read the key, once."""
    reader, writer = os.pipe()
    os.write(writer, key)
    os.close(writer)
    return reader


def _configured(settings: Settings) -> bytes | None:
    return _digest(settings.spool_key) if settings.spool_key else None


def _digest(secret: SecretStr) -> bytes:
    return sha256(secret.get_secret_value().encode()).digest()


def _inherited() -> bytes | None:
    fd = os.environ.pop(FD_VARIABLE, None)
    if fd is None:
        return None
    with os.fdopen(int(fd), "rb") as pipe:
        return pipe.read(_KEY_BYTES)


def _kept_in_memory(data: Path, create: bool) -> bytes | None:
    for folder in _memory_folders():
        key = _read_or_create(folder / _file_name(data), create)
        if key:
            return key
    return None


def _file_name(data: Path) -> str:
    return f"transom-{sha256(str(data.absolute()).encode()).hexdigest()[:16]}.key"


def _memory_folders() -> list[Path]:
    candidates = [os.environ.get("XDG_RUNTIME_DIR"), "/run", "/dev/shm"]  # noqa: S108
    return [Path(c) for c in candidates if c and _on_tmpfs(Path(c)) and os.access(c, os.W_OK)]


def _on_tmpfs(folder: Path) -> bool:
    """Whether a folder lies on tmpfs, by the longest mount point above it in /proc/self/mountinfo."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    best, kind = "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split()[4]
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind in {"tmpfs", "ramfs"}


def _read_or_create(path: Path, create: bool) -> bytes | None:
    try:
        return _owned(path)
    except FileNotFoundError:
        if not create:
            return None
    try:
        create_once(path, os.urandom(_KEY_BYTES))
    except OSError:
        return None
    return _owned(path)


def _owned(path: Path) -> bytes | None:
    """The key in a file of ours. A file of somebody else's, or one that others can read, is no key."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        mine = status.st_uid == os.getuid() and not status.st_mode & 0o077
        key = file.read(_KEY_BYTES)
    return key if mine and len(key) == _KEY_BYTES else None
