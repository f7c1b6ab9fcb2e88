"""A file system in memory that fills up, tears writes, dies with its processes and forgets what was not synced."""

from __future__ import annotations

import errno
import random
import struct
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from transom.spool.disk import Appender, Disk, Numbers


class Killed(BaseException):
    """kill -9 of the process that was at work. Nothing of it runs after that."""


@dataclass
class File:
    """What a file holds, and how much of it would survive power loss."""

    content: bytearray = field(default_factory=bytearray)
    synced: int = 0
    name_synced: bool = False
    numbers: list[int] | None = None

    def bytes(self) -> bytes:
        if self.numbers is not None:
            return struct.pack(f"={len(self.numbers)}Q", *self.numbers)
        return bytes(self.content)


class Platters:
    """What all processes of the machine share."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.files: dict[Path, File] = {}
        self.folders: dict[Path, int] = {}
        self.synced_folders: set[Path] = set()
        self.ghosts: dict[Path, File] = {}
        self.locks: dict[Path, Process] = {}
        self.capacity = 10**9
        self.changes = 0
        self.sync_failed = False
        self.interrupt: Callable[[Process], None] = lambda _: None

    @property
    def used(self) -> int:
        return sum(len(file.content) for file in self.files.values())

    def touch(self, folder: Path) -> None:
        self.changes += 1
        self.folders[folder] = self.changes

    def release(self, process: Process) -> None:
        """A process has ended: its locks go with it."""
        self.locks = {path: owner for path, owner in self.locks.items() if owner is not process}

    def lose_power(self) -> None:
        """Of what wasn't synced, any part may be gone, and what was deleted may be back."""
        for folder in sorted(self.folders.keys() - self.synced_folders):
            if len(folder.parts) > 2 and self.chance.random() < 0.5:
                del self.folders[folder]
                self.files = {path: file for path, file in self.files.items() if path.parent != folder}
        for path, file in list(self.files.items()):
            if not file.name_synced and self.chance.random() < 0.5:
                del self.files[path]
            elif file.numbers is not None:
                file.numbers = [0] * len(file.numbers) if self.chance.random() < 0.3 else file.numbers
            else:
                del file.content[self.chance.randint(file.synced, len(file.content)) :]
        for path, ghost in self.ghosts.items():
            if path.parent in self.folders and path not in self.files and self.chance.random() < 0.3:
                self.files[path] = ghost
        self.ghosts.clear()
        self.locks.clear()


class Process:
    """One process's life. `trouble` is how likely each of its calls to the disk is to kill it or to fail."""

    def __init__(self, name: str, trouble: float) -> None:
        self.name, self.trouble, self.alive = name, trouble, True

    def kill(self) -> None:
        self.alive = False


class SimulatedDisk(Disk):
    """The disk as one process sees it."""

    def __init__(self, platters: Platters, process: Process) -> None:
        self.platters, self.process = platters, process

    def step(self) -> None:
        """Every call comes through here, and may be the process's last."""
        if not self.process.alive:
            raise Killed
        self.platters.interrupt(self.process)
        if self.platters.chance.random() < self.process.trouble:
            self.process.kill()
            raise Killed

    def fails(self) -> None:
        """A call that may fail fails now and then."""
        self.step()
        if self.platters.chance.random() < self.process.trouble:
            raise OSError(errno.EIO, "Input/output error")

    def make_folder(self, folder: Path) -> None:
        self.fails()
        self.platters.folders.setdefault(folder, 0)
        self.platters.touch(folder)

    def folders(self, folder: Path) -> list[Path]:
        self.fails()
        found = [(order, path) for path, order in self.platters.folders.items() if path.parent == folder]
        return [path for _, path in sorted(found)]

    def sizes(self, folder: Path) -> dict[str, int]:
        self.fails()
        return {path.name: len(file.bytes()) for path, file in self.platters.files.items() if path.parent == folder}

    def create(self, path: Path) -> Appender:
        self.fails()
        if path in self.platters.files:
            raise FileExistsError(errno.EEXIST, "File exists")
        self._check_folder(path)
        self.platters.files[path] = File()
        self.platters.touch(path.parent)
        return cast(Appender, SimulatedAppender(self, self.platters.files[path]))

    def _check_folder(self, path: Path) -> None:
        if path.parent not in self.platters.folders:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    def _file(self, path: Path) -> File:
        try:
            return self.platters.files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory") from None

    def read(self, path: Path, offset: int, size: int) -> bytes:
        self.fails()
        return self._file(path).bytes()[offset : offset + size]

    def replace(self, path: Path, content: bytes) -> None:
        self.fails()
        self._check_folder(path)
        if self.platters.used + len(content) > self.platters.capacity:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.platters.files[path] = File(bytearray(content))
        self.step()

    def remove(self, path: Path) -> None:
        self.fails()
        file = self.platters.files.pop(path, None)
        if file is not None and file.numbers is None:
            self.platters.ghosts[path] = file
        self.step()

    def remove_folder(self, folder: Path) -> None:
        self.fails()
        if any(path.parent == folder for path in self.platters.files):
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        self.platters.folders.pop(folder, None)

    def sync_folder(self, folder: Path) -> None:
        self.fails()
        self.platters.synced_folders |= {path for path in self.platters.folders if path.parent == folder}
        for path, file in self.platters.files.items():
            if path.parent == folder:
                file.name_synced = True
        self.platters.ghosts = {path: file for path, file in self.platters.ghosts.items() if path.parent != folder}

    def lock_numbers(self, path: Path, count: int) -> Numbers:
        self.fails()
        if self.platters.used + 8 * count > self.platters.capacity:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.platters.files[path] = File(numbers=[0] * count)
        self.platters.locks[path] = self.process
        return cast(Numbers, SimulatedNumbers(self, path))

    def is_locked(self, path: Path) -> bool:
        self.step()
        return path in self.platters.locks and path in self.platters.files


class SimulatedAppender:
    """A file being appended to: a write may be torn by a kill or by a full disk."""

    def __init__(self, disk: SimulatedDisk, file: File) -> None:
        self._disk, self._file = disk, file

    def write(self, data: bytes) -> None:
        platters = self._disk.platters
        room = platters.capacity - platters.used
        try:
            self._disk.fails()
        except (Killed, OSError) as error:
            # A write that fails was never whole; one that is killed may have been.
            most = len(data) - isinstance(error, OSError)
            self._file.content += data[: platters.chance.randint(0, max(0, min(most, room)))]
            raise
        self._file.content += data[: max(0, room)]
        if room < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def sync(self) -> None:
        try:
            self._disk.fails()
        except OSError:
            self._disk.platters.sync_failed = True
            raise
        self._file.synced = len(self._file.content)

    def close(self) -> None:
        self._disk.step()


class SimulatedNumbers:
    """A mapped file: writing to it is no call to the disk, and outlives the process."""

    def __init__(self, disk: SimulatedDisk, path: Path) -> None:
        self._disk, self._path = disk, path
        numbers = disk.platters.files[path].numbers
        assert numbers is not None
        self.values: MutableSequence[int] = numbers

    def close(self) -> None:
        self._disk.step()
        self._disk.platters.locks.pop(self._path, None)
