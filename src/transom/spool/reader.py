"""Reads a writer's records in order, from a position, while the writer may still be appending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transom.spool.counts import read_counts
from transom.spool.disk import Disk
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
from transom.types import Begun

EXCHANGES = (Kind.EXCHANGE, Kind.LARGE_EXCHANGE)
_BLOCK_BYTES = 1 * 2**20


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

    def __init__(self, folder: Path, counts: Path, keys: list[bytes], disk: Disk | None = None) -> None:
        self.folder = folder
        self.counts = counts
        self._keys = keys
        self._disk = disk or Disk()
        self._ciphers: dict[int, FileCipher | None] = {}

    @property
    def writer_id(self) -> str:
        """Hex, as in the names of folder and counts."""
        return self.folder.name

    def is_alive(self) -> bool:
        """Whether more may come."""
        return self._disk.is_locked(self.counts)

    def begun(self) -> Begun:
        """What the writer has begun so far."""
        return read_counts(self._disk, self.counts)

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

    def headers(self, position: Position) -> Iterator[tuple[RecordHeader, bool, Position]]:
        """What can be told of the records from a position on without opening them.

        Their plain headers, whether one of the keys fits their file, and the position behind each.
        """
        for number, path in self._files():
            if number >= position.file:
                start = position if number == position.file else Position(number)
                for plain, _, after in self._records(path, start):
                    yield plain, self._cipher_of(number, path) is not None, after

    def _entries(self, position: Position) -> Iterator[Entry]:
        for number, path in self._files():
            if number >= position.file:
                start = position if number == position.file else Position(number)
                for plain, sealed, after in self._records(path, start):
                    yield self._entry(self._cipher_of(number, path), plain, sealed, after)

    def _files(self) -> list[tuple[int, Path]]:
        names = [name for name in self._disk.sizes(self.folder) if name.endswith(".spool")]
        return sorted((int(name.removesuffix(".spool")), self.folder / name) for name in names)

    def _records(self, path: Path, at: Position) -> Iterator[tuple[RecordHeader, bytes, Position]]:
        """The whole records of a file from a position on, up to a torn one or one that makes no sense."""
        offset, index = at.offset or FILE_HEADER_BYTES, at.index
        wanted = _BLOCK_BYTES
        while block := self._disk.read(path, offset, wanted):
            used = 0
            try:
                for plain, sealed in _split(block):
                    used += RECORD_HEADER_BYTES + plain.length
                    index += 1
                    yield plain, sealed, Position(at.file, offset + used, index)
            except Corrupt:
                return
            if len(block) < wanted:
                return
            offset += used
            wanted = _BLOCK_BYTES if used else 2 * wanted

    def _cipher_of(self, number: int, path: Path) -> FileCipher | None:
        if number not in self._ciphers:
            self._ciphers = {number: self._cipher(path)}
        return self._ciphers[number]

    def _cipher(self, path: Path) -> FileCipher | None:
        header = self._disk.read(path, 0, FILE_HEADER_BYTES)
        for key in self._keys:
            try:
                return FileCipher(key, header)
            except WrongKey:
                continue
            except Corrupt:
                break
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
        cipher = self._cipher(path)
        if cipher is None:
            raise WrongKey
        records = self._records(path, Position(0))
        return b"".join(cipher.open(after.index - 1, plain, sealed) for plain, sealed, after in records)

    def large(self, seq: int) -> Path:
        """The file of a large payload."""
        return self.folder / f"{seq:08}.large"

    def forget(self, entries: list[Entry], position: Position) -> None:
        """Delete what has been recorded: the large payloads of `entries`, then the files before `position`."""
        for entry in entries:
            if entry.kind is Kind.LARGE_EXCHANGE:
                self._disk.remove(self.large(entry.seq))
        for number, path in self._files():
            if number < position.file:
                self._disk.remove(path)

    def forget_until(self, position: Position) -> None:
        """Delete what was recorded before `position`, by a recorder that may have died before it could delete."""
        for plain, _, after in self.headers(Position(0)):
            if after > position:
                break
            if plain.kind is Kind.LARGE_EXCHANGE:
                self._disk.remove(self.large(plain.seq))
        self.forget([], position)

    def remove(self) -> None:
        """Delete the whole of a dead writer."""
        for name in self._disk.sizes(self.folder):
            self._disk.remove(self.folder / name)
        self._disk.remove_folder(self.folder)
        self._disk.remove(self.counts)


def _split(block: bytes) -> Iterator[tuple[RecordHeader, bytes]]:
    """The whole records at the beginning of a block. Raises Corrupt where the bytes make no sense any more."""
    at = 0
    while at + RECORD_HEADER_BYTES <= len(block):
        body = at + RECORD_HEADER_BYTES
        plain = parse_record_header(block[at:body])
        at = body + plain.length
        if at > len(block):
            return
        yield plain, block[body:at]


def writer_ids(disk: Disk, spool: Path, counts: Path) -> list[str]:
    """The writers that have left something on this host: the folder longest unchanged first, then counts alone."""
    folders = [folder.name for folder in disk.folders(spool)]
    counted = sorted(name.removesuffix(".counts") for name in disk.sizes(counts) if name.endswith(".counts"))
    return list(dict.fromkeys([*folders, *counted]))


def find_writers(spool: Path, counts: Path, keys: list[bytes], disk: Disk | None = None) -> list[SpoolReader]:
    """A reader for each writer that has left something on this host."""
    disk = disk or Disk()
    ids = writer_ids(disk, spool, counts)
    return [SpoolReader(spool / ident, counts / f"{ident}.counts", keys, disk) for ident in ids]
