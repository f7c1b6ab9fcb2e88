"""A writer's numbers, in a content-free file that outlives it: they tell what a killed gateway began.

Eight unsigned 64-bit numbers: begun, then dropped by reason. The file is locked while its writer lives.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path

DROP_REASONS = ("spool_error",)
_FIELDS = 8


class Counts:
    """The writer's side: owns the lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self._fd, 8 * _FIELDS)
        self._map = mmap.mmap(self._fd, 8 * _FIELDS)
        self._numbers = memoryview(self._map).cast("Q")

    def begin(self) -> int:
        """The next exchange's number, from 1. Writing it is what makes the exchange begun."""
        self._numbers[0] += 1
        return self._numbers[0]

    def drop(self, reason: str) -> None:
        """Count an exchange that will never have a record."""
        self._numbers[1 + DROP_REASONS.index(reason)] += 1

    def close(self) -> None:
        """Let go of the lock: the writer is done."""
        self._numbers.release()
        self._map.close()
        os.close(self._fd)


def read_counts(path: Path) -> tuple[int, dict[str, int]]:
    """(begun, dropped by reason) of a writer, alive or not."""
    numbers = memoryview(path.read_bytes()).cast("Q")
    dropped = {reason: numbers[1 + i] for i, reason in enumerate(DROP_REASONS) if numbers[1 + i]}
    return numbers[0], dropped


def is_alive(path: Path) -> bool:
    """Whether the writer of this file still runs."""
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(fd)
