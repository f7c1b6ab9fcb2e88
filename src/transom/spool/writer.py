"""Appends records. One writer a gateway process; a crash leaves a torn tail at worst, never a wrong record."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from transom.spool.counts import Counts
from transom.spool.disk import Disk
from transom.spool.format import FRAME_BYTES, LARGE_BYTES, FileCipher, Kind, new_file_header

log = structlog.get_logger()

OVERDRAFT_BYTES = 64 * 2**20
"""Records without content come past the bound too, about 100,000 of them; past this much more, nothing does."""


class SpoolError(Exception):
    """The record could not be written: the disk is full or broken, or the spool's bound is reached."""


class SpoolWriter:
    """Numbers exchanges and appends their records; safe to call from several threads."""

    def __init__(
        self,
        spool: Path,
        counts: Path,
        key: bytes,
        file_bytes: int,
        max_bytes: int,
        fsync: bool = False,
        disk: Disk | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.writer_id = os.urandom(16)
        self.folder = spool / self.writer_id.hex()
        self._disk, self._clock = disk or Disk(), clock
        # The lock comes before the folder: a recorder takes a folder without a locked file for a dead writer's.
        self._counts = Counts(self._disk, counts / f"{self.writer_id.hex()}.counts", clock())
        self._disk.make_folder(self.folder)
        if fsync:
            self._disk.sync_folder(spool)
        # A file is deleted when all of it is recorded: one as large as the bound would never make room.
        self._file_bytes = min(file_bytes, max_bytes // 8)
        self._key, self._max_bytes, self._fsync = key, max_bytes, fsync
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
        self._used = sum(self._disk.sizes(self.folder).values())

    def begin(self, started_at: int) -> int:
        """The number of a new exchange that began at that time (Unix ns)."""
        return self._counts.begin(started_at)

    def append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> None:
        """Write one record. Raises SpoolError; an exchange's number is then counted as dropped.

        Payloads over 256 KB go to a file of their own in 64 KB frames, so that small ones need not wait behind them.
        """
        try:
            if self._used >= self._max_bytes + OVERDRAFT_BYTES:
                raise OSError(errno.ENOSPC, "the spool's bound is reached")
            if kind is Kind.EXCHANGE and len(payload) > LARGE_BYTES:
                self._append_large(seq, time_ns, payload)
            else:
                with self._lock:
                    self._append(kind, seq, time_ns, payload)
        except OSError as error:
            if kind is Kind.EXCHANGE:
                self._counts.undo(time_ns)
            log.error("could not write to the spool: free some disk", reason=error.strerror)
            raise SpoolError from None

    def _append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> None:
        if self._file is None:
            self._number += 1
            self._file = self._create(f"{self._number:08}.spool")
        try:
            self._used += self._file.append(kind, seq, time_ns, payload)
        except OSError:
            # The bytes of this nonce may have reached the disk: never use this file's key again. Readers pass over a
            # torn tail once there is a next file.
            self._rotate()
            raise
        if self._fsync:
            self._sync(self._file)
        if self._file and self._file.size >= self._file_bytes:
            self._rotate()

    def _create(self, name: str) -> _File:
        file = _File(self._disk, self.folder / name, self._key, self.writer_id, self._clock())
        try:
            if self._fsync:
                self._disk.sync_folder(self.folder)
        except OSError:
            file.close()
            raise
        return file

    def _sync(self, file: _File) -> None:
        """The record is written and may be read; if the disk then fails to keep it, the next goes to a new file."""
        try:
            file.sync()
        except OSError as error:
            log.error("a record may not survive power loss", reason=error.strerror)
            self._rotate()

    def _rotate(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _append_large(self, seq: int, time_ns: int, payload: bytes) -> None:
        name = f"{seq:08}.large"
        try:
            file = self._create(name)
            try:
                for start in range(0, len(payload), FRAME_BYTES):
                    self._used += file.append(Kind.FRAME, seq, time_ns, payload[start : start + FRAME_BYTES])
                if self._fsync:
                    file.sync()
            finally:
                file.close()
            with self._lock:
                self._append(Kind.LARGE_EXCHANGE, seq, time_ns, b"")
        except OSError:
            self._disk.remove(self.folder / name)
            raise

    def close(self) -> None:
        """End this writer; its recorder may then close its books."""
        with self._lock:
            self._rotate()
            self._counts.close()


class _File:
    """One file being written."""

    def __init__(self, disk: Disk, path: Path, key: bytes, writer_id: bytes, now_ns: int) -> None:
        header = new_file_header(key, writer_id, now_ns)
        self._cipher = FileCipher(key, header)
        self._file = disk.create(path)
        self._index = 0
        self.size = len(header)
        try:
            self._file.write(header)
        except OSError:
            self._file.close()
            disk.remove(path)
            raise

    def append(self, kind: Kind, seq: int, time_ns: int, payload: bytes) -> int:
        """Returns the bytes written."""
        record = self._cipher.seal(self._index, kind, seq, time_ns, payload)
        self._index += 1
        self._file.write(record)
        self.size += len(record)
        return len(record)

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()
