"""What is in the spool, told by names and plain headers: no record is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from transom.spool.disk import Disk
from transom.spool.reader import EXCHANGES, Position, SpoolReader, find_writers


@dataclass(frozen=True)
class WriterStatus:
    """One writer's part of the spool.

    `waiting` exchanges aren't recorded yet, `locked` of them lie in files that none of the keys opens. `oldest` is when
    the oldest of them began (Unix ns), None if none waits.
    """

    writer_id: str
    alive: bool
    files: int
    bytes: int
    waiting: int
    locked: int
    oldest: int | None


def spool_status(
    spool: Path, counts: Path, keys: list[bytes], positions: Mapping[str, Position], disk: Disk | None = None
) -> list[WriterStatus]:
    """Every writer that has left something; `positions` say how far each is recorded (from the start, if unknown)."""
    disk = disk or Disk()
    readers = find_writers(spool, counts, keys, disk)
    return [_status(disk, reader, positions.get(reader.writer_id, Position())) for reader in readers]


def _status(disk: Disk, reader: SpoolReader, position: Position) -> WriterStatus:
    sizes = disk.sizes(reader.folder)
    headers = [(plain, opens) for plain, opens, _ in reader.headers(position) if plain.kind in EXCHANGES]
    return WriterStatus(
        writer_id=reader.writer_id,
        alive=reader.is_alive(),
        files=len(sizes),
        bytes=sum(sizes.values()),
        waiting=len(headers),
        locked=sum(not opens for _, opens in headers),
        oldest=min((plain.time_ns for plain, _ in headers), default=None),
    )
