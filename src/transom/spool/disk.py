"""What the spool asks of a file system, in one place, so that a simulated one can stand in for it and fail."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import MutableSequence
from pathlib import Path


class Disk:
    """The machine's own file system. Everything may raise OSError."""

    def make_folder(self, folder: Path) -> None:
        """With those above it; only its owner may look inside."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def folders(self, folder: Path) -> list[Path]:
        """The folders in a folder, oldest first; none where it doesn't exist."""
        try:
            found = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder) if entry.is_dir()]
        except FileNotFoundError:
            return []
        return [Path(path) for _, path in sorted(found)]

    def sizes(self, folder: Path) -> dict[str, int]:
        """Bytes by name of the files in a folder; none where it doesn't exist."""
        found: dict[str, int] = {}
        try:
            for entry in os.scandir(folder):
                try:
                    found[entry.name] = entry.stat().st_size
                except FileNotFoundError:
                    continue
        except FileNotFoundError:
            return {}
        return found

    def create(self, path: Path) -> Appender:
        """A new file to append to; it must not exist yet."""
        return Appender(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600))

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer where the file ends."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(fd, size, offset)
        finally:
            os.close(fd)

    def replace(self, path: Path, content: bytes) -> None:
        """Write a small file whole, in place of what was there."""
        draft = path.with_name(f"{path.name}.new")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, content)
        finally:
            os.close(fd)
        draft.replace(path)

    def remove(self, path: Path) -> None:
        """Delete a file, if it is there."""
        path.unlink(missing_ok=True)

    def remove_folder(self, folder: Path) -> None:
        """Delete an empty folder, if it is there."""
        try:
            folder.rmdir()
        except FileNotFoundError:
            return

    def sync_folder(self, folder: Path) -> None:
        """Make sure that the names in a folder survive power loss."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def lock_numbers(self, path: Path, count: int) -> Numbers:
        """A new file of so many 64-bit zeros, mapped into memory, and locked as long as this process lives.

        It has its name only once it is locked: whoever sees it unlocked knows that its owner is gone.
        """
        draft = path.with_name(f"{path.name}.new")
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not sparse: on a full disk, writing to a hole of a mapped file would kill the process.
            os.posix_fallocate(fd, 0, 8 * count)
            numbers = Numbers(fd, 8 * count)
            draft.replace(path)
        except OSError:
            draft.unlink()
            os.close(fd)
            raise
        return numbers

    def is_locked(self, path: Path) -> bool:
        """Whether the process that made a file of numbers still lives; False where the file is gone."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(fd)


class Appender:
    """A file open for appending."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes) -> None:
        """All of it, or OSError after a part."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def sync(self) -> None:
        """Wait until all that was written survives power loss."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


class Numbers:
    """64-bit numbers in a mapped, locked file: what is written to them outlives the process that wrote."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._map = mmap.mmap(fd, size)
        self._view = memoryview(self._map).cast("Q")

    @property
    def values(self) -> MutableSequence[int] | memoryview[int]:
        """The numbers themselves."""
        return self._view

    def close(self) -> None:
        """Let go of the lock."""
        self._view.release()
        self._map.close()
        os.close(self._fd)
