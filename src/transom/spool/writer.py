"""Appends records. One writer a gateway process; a crash leaves a torn tail at worst, never a wrong record."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import structlog

from transom.spool.counts import Counts
from transom.spool.format import FRAME_BYTES, LARGE_BYTES, FileCipher, Kind, new_file_header

log = structlog.get_logger()


class SpoolError(Exception):
    """The record could not be written: the disk is full or broken."""


class SpoolWriter:
    """Numbers exchanges and appends their records; safe to call from several threads."""

    def __init__(
        self, spool: Path, counts: Path, key: bytes, file_bytes: int, max_bytes: int, fsync: bool = False
    ) -> None:
        self.writer_id = os.urandom(16)
        self.folder = spool / self.writer_id.hex()
        # The lock comes before the folder: a recorder takes a folder without a locked file for a dead writer's.
        self._counts = Counts(counts / f"{self.writer_id.hex()}.counts", time.time_ns())
        self.folder.mkdir(parents=True, mode=0o700)
        self._key, self._file_bytes, self._max_bytes, self._fsync = key, file_bytes, max_bytes, fsync
        self._lock = threading.Lock()
        self._number = 0
        self._file: _File | None = None
        self._used = 0

    @property
    def full(self) -> bool:
        """Whether records should come without content, because the bound on disk use is reached."""
        return self._used >= self._max_bytes

    def measure(self) -> None:
        """Look how much disk the writer's files use; the recorder deletes them as it goes."""
        sizes = []
        for entry in os.scandir(self.folder):
            try:
                sizes.append(entry.stat().st_size)
            except FileNotFoundError:
                continue
        self._used = sum(sizes)

    def begin(self, started_at: int) -> int:
        """The number of a new exchange that began at that time (Unix ns)."""
        return self._counts.begin(started_at)

    def append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> None:
        """Write one record. Raises SpoolError; an exchange's number is then counted as dropped.

        Payloads over 256 KB go to a file of their own in 64 KB frames, so that small ones need not wait behind them.
        """
        try:
            if kind is Kind.EXCHANGE and len(payload) > LARGE_BYTES:
                self._write_large(seq, time_ns, payload)
                kind, payload = Kind.LARGE_EXCHANGE, b""
            with self._lock:
                self._append(kind, seq, time_ns, payload)
        except OSError as error:
            if kind in (Kind.EXCHANGE, Kind.LARGE_EXCHANGE):
                self._counts.undo(time_ns)
            log.error("could not write to the spool: free some disk", reason=error.strerror)
            raise SpoolError from None

    def _append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> None:
        if self._file is None:
            self._number += 1
            path = self.folder / f"{self._number:08}.spool"
            self._file = _File(path, self._key, self.writer_id)
        try:
            self._used += self._file.append(kind, seq, time_ns, payload)
            if self._fsync:
                self._file.sync()
        except OSError:
            # The bytes of this nonce may have reached the disk: never use this file's key again.
            self._file.cut_tail()
            self._rotate()
            raise
        if self._file.size >= self._file_bytes:
            self._rotate()

    def _rotate(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _write_large(self, seq: int, time_ns: int, payload: bytes) -> None:
        file = _File(self.folder / f"{seq:08}.large", self._key, self.writer_id)
        try:
            for start in range(0, len(payload), FRAME_BYTES):
                self._used += file.append(Kind.FRAME, seq, time_ns, payload[start : start + FRAME_BYTES])
            if self._fsync:
                file.sync()
        except OSError:
            file.path.unlink()
            raise
        finally:
            file.close()

    def close(self) -> None:
        """End this writer; its recorder may then close its books."""
        with self._lock:
            self._rotate()
            self._counts.close()


class _File:
    """One file being written."""

    def __init__(self, path: Path, key: bytes, writer_id: bytes) -> None:
        self.path = path
        header = new_file_header(key, writer_id, time.time_ns())
        self._cipher = FileCipher(key, header)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._index = 0
        self.size = 0
        try:
            self._write(header)
        except OSError:
            os.close(self._fd)
            path.unlink()
            raise

    def append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> int:
        """Returns the bytes written."""
        record = self._cipher.seal(self._index, kind, seq, time_ns, payload)
        self._index += 1
        self._write(record)
        return len(record)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        self.size += len(data)

    def cut_tail(self) -> None:
        """Take back a record of which only a part was written."""
        os.ftruncate(self._fd, self.size)

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def close(self) -> None:
        os.close(self._fd)
