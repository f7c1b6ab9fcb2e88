"""A writer's numbers, in a content-free file that outlives it: they tell what a killed gateway began.

Unsigned 64-bit numbers: magic, the first day (days since 1970, UTC), then for each day what was begun and what could
not be written. The file is locked while its writer lives. The version before had eight numbers for all days at once.
"""

from __future__ import annotations

from pathlib import Path

from transom.spool.disk import Disk
from transom.types import DAY_NS, Begun

DAYS = 1023
"""A gateway that runs for longer counts what follows as the last day's."""

_MAGIC = int.from_bytes(b"TRCOUNT\x02")
_HEAD, _ROW = 2, 2
_FIELDS = _HEAD + _ROW * DAYS
_OLD_FIELDS = 8


class Counts:
    """The writer's side: owns the lock."""

    def __init__(self, disk: Disk, path: Path, now_ns: int) -> None:
        disk.make_folder(path.parent)
        self._file = disk.lock_numbers(path, _FIELDS)
        self._numbers = self._file.values
        self._first_day = now_ns // DAY_NS
        self._total = 0
        self._numbers[1] = self._first_day
        self._numbers[0] = _MAGIC

    def begin(self, started_at: int) -> int:
        """The next exchange's number, from 1. Writing it is what makes the exchange begun."""
        self._numbers[self._row(started_at)] += 1
        self._total += 1
        return self._total

    def undo(self, started_at: int) -> None:
        """Count an exchange that will never have a record."""
        self._numbers[self._row(started_at) + 1] += 1

    def _row(self, started_at: int) -> int:
        day = started_at // DAY_NS - self._first_day
        return _HEAD + _ROW * min(max(day, 0), DAYS - 1)

    def close(self) -> None:
        """Let go of the lock: the writer is done."""
        self._file.close()


def read_counts(disk: Disk, path: Path) -> Begun:
    """What a writer, alive or not, has begun; of one whose counts are gone or damaged, nothing is known."""
    try:
        content = disk.read(path, 0, 8 * _FIELDS)
    except FileNotFoundError:
        content = b""
    numbers = memoryview(content[: len(content) // 8 * 8]).cast("Q")
    if len(numbers) == _OLD_FIELDS:
        return Begun(first_day=0, last_day=0, exchanges={0: numbers[0]}, undone={0: numbers[1]})
    if len(numbers) < _FIELDS or numbers[0] != _MAGIC:
        return Begun(first_day=0, last_day=2**31 - 1)
    first = numbers[1]
    return Begun(
        first_day=first,
        last_day=first + DAYS - 1,
        exchanges=_by_day(first, numbers[_HEAD::_ROW]),
        undone=_by_day(first, numbers[_HEAD + 1 :: _ROW]),
    )


def _by_day(first: int, numbers: memoryview[int]) -> dict[int, int]:
    return {first + i: n for i, n in enumerate(numbers) if n}
