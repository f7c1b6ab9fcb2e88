"""Notes what a recorder is at work on, so that a record which kills it again and again is given up in the end."""

from __future__ import annotations

import contextlib
from pathlib import Path

from transom.spool.disk import Disk
from transom.spool.reader import Position

DEADLY = 3
"""Deaths at one record. One may be an operator's doing, or the kernel's over another's memory."""


class Attempts:
    """A writer's note, kept in its spool folder: where the recorder stood, how often it died there, and what it held.

    After a death everything that was at work then is tried again one record at a time.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk, self._path = disk, path
        self._at, self._deaths, self._until = Position(), 0, Position()
        self._noted = ""

    def begin(self, position: Position) -> None:
        """Read what the recorder before left; it left nothing if it stopped in peace."""
        try:
            note = self._disk.read(self._path, 0, 200).decode()
            at, deaths, until = note.split()
            self._at, self._deaths, self._until = position, 0, Position.parse(until)
            if Position.parse(at) == position:
                self._deaths = int(deaths) + 1
        except (OSError, ValueError):
            self._at, self._deaths, self._until = position, 0, position

    @property
    def careful(self) -> bool:
        """Whether to take one record at a time."""
        return self._at < self._until

    @property
    def deadly(self) -> bool:
        """Whether the next record has killed too often to be opened again."""
        return self._deaths >= DEADLY

    def at_work(self, until: Position) -> None:
        """The records up to there are being worked on."""
        self._note(until if not self.careful else self._until)

    def moved(self, position: Position) -> None:
        """Everything before is recorded."""
        self._at, self._deaths = position, 0

    def excuse(self) -> None:
        """What follows is a wait for the store: dying meanwhile says nothing about the records."""
        self._deaths, self._until = -1, self._at
        self._note(self._at)

    def end(self) -> None:
        """The recorder stops in peace."""
        with contextlib.suppress(OSError):
            self._disk.remove(self._path)

    def _note(self, until: Position) -> None:
        note = f"{self._at} {self._deaths} {until}"
        if note != self._noted:
            self._noted = note
            # A note is a help, not a promise: on a full disk recording goes on without it.
            with contextlib.suppress(OSError):
                self._disk.replace(self._path, note.encode())
