"""Reads a writer's records in order, from a position, while the writer may still be appending."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from transom.spool.counts import is_alive
from transom.spool.format import (
    FILE_HEADER_BYTES,
    RECORD_HEADER_BYTES,
    Corrupt,
    FileCipher,
    Kind,
    RecordHeader,
    WrongKey,
    parse_record_header,
)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The next record of a writer: file number, byte offset, index in the file. Its text form goes into the store."""

    file: int = 1
    offset: int = 0
    index: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}:{self.index}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The reverse of str()."""
        return cls(*map(int, text.split(":")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One record read. `payload` is None where it can't be had; `lost` says why. `after` is the position behind."""

    kind: Kind
    seq: int
    time_ns: int
    payload: bytes | None
    lost: str | None
    after: Position

    def __repr__(self) -> str:
        return f"<Entry {self.kind.name} {self.seq} {self.lost or 'readable'}>"


class SpoolReader:
    """One writer's folder, read with one of several keys (two during a key rotation)."""

    def __init__(self, folder: Path, counts: Path, keys: list[bytes]) -> None:
        self.folder = folder
        self.counts = counts
        self._keys = keys

    @property
    def writer_id(self) -> str:
        """Hex, as in the names of folder and counts."""
        return self.folder.name

    def is_alive(self) -> bool:
        """Whether more may come."""
        return self.counts.exists() and is_alive(self.counts)

    def read(self, position: Position, max_records: int, max_bytes: int) -> list[Entry]:
        """The next records, at most about `max_bytes` of them. An empty list means that none is whole yet."""
        found: list[Entry] = []
        size = 0
        for entry in self._entries(position):
            found.append(entry)
            size += len(entry.payload or b"")
            if len(found) >= max_records or size >= max_bytes:
                break
        return found

    def _entries(self, position: Position) -> Iterator[Entry]:
        for number, path in self._files():
            if number >= position.file:
                start = position if number == position.file else Position(number)
                yield from self._file_entries(path, start)

    def _files(self) -> list[tuple[int, Path]]:
        return sorted((int(path.stem), path) for path in self.folder.glob("*.spool"))

    def _file_entries(self, path: Path, at: Position) -> Iterator[Entry]:
        with path.open("rb") as file:
            header = file.read(FILE_HEADER_BYTES)
            if len(header) < FILE_HEADER_BYTES:
                return
            cipher = self._cipher(header)
            at = at if at.offset else Position(at.file, FILE_HEADER_BYTES, 0)
            file.seek(at.offset)
            while record := _next_record(file):
                plain, sealed = record
                at = Position(at.file, at.offset + RECORD_HEADER_BYTES + plain.length, at.index + 1)
                yield self._entry(cipher, plain, sealed, at)

    def _cipher(self, header: bytes) -> FileCipher | None:
        for key in self._keys:
            try:
                return FileCipher(key, header)
            except WrongKey:
                continue
        return None

    def _entry(self, cipher: FileCipher | None, plain: RecordHeader, sealed: bytes, after: Position) -> Entry:
        payload, lost = None, None
        try:
            if cipher is None:
                raise WrongKey
            payload = cipher.open(after.index - 1, plain, sealed)
            if plain.kind is Kind.LARGE_EXCHANGE:
                payload = self._read_large(self.large(plain.seq))
        except WrongKey:
            lost = "spool_key_gone"
        except (Corrupt, FileNotFoundError):
            payload, lost = None, "spool_corrupt"
        return Entry(plain.kind, plain.seq, plain.time_ns, payload, lost, after)

    def _read_large(self, path: Path) -> bytes:
        with path.open("rb") as file:
            cipher = self._cipher(file.read(FILE_HEADER_BYTES))
            if cipher is None:
                raise WrongKey
            frames: list[bytes] = []
            while record := _next_record(file):
                frames.append(cipher.open(len(frames), *record))
        return b"".join(frames)

    def large(self, seq: int) -> Path:
        """The file of a large payload."""
        return self.folder / f"{seq:08}.large"

    def forget(self, entries: list[Entry], position: Position) -> None:
        """Delete what has been recorded: the large payloads of `entries` and the files before `position`."""
        for entry in entries:
            if entry.kind is Kind.LARGE_EXCHANGE:
                self.large(entry.seq).unlink(missing_ok=True)
        for number, path in self._files():
            if number < position.file:
                path.unlink()

    def remove(self) -> None:
        """Delete the whole of a dead writer."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
        self.counts.unlink(missing_ok=True)


def _next_record(file: BinaryIO) -> tuple[RecordHeader, bytes] | None:
    """The next whole record, or None at the end, before a torn one, or where the bytes make no sense any more."""
    head = file.read(RECORD_HEADER_BYTES)
    if len(head) < RECORD_HEADER_BYTES:
        return None
    try:
        plain = parse_record_header(head)
    except Corrupt:
        return None
    sealed = file.read(plain.length)
    return (plain, sealed) if len(sealed) == plain.length else None


def find_writers(spool: Path, counts: Path, keys: list[bytes]) -> list[SpoolReader]:
    """A reader for each writer that has left something on this host, oldest folder first."""
    if not spool.exists():
        return []
    folders = sorted((entry for entry in os.scandir(spool) if entry.is_dir()), key=lambda e: e.stat().st_mtime)
    return [SpoolReader(Path(e.path), counts / f"{e.name}.counts", keys) for e in folders]
