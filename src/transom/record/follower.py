"""One writer's records on their way: read ahead, worked on side by side, committed in order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from transom.record.attempts import Attempts
from transom.record.books import Batch, Item
from transom.record.stages import Dropped, Recorded
from transom.spool.disk import Disk
from transom.spool.reader import Entry, Position, SpoolReader
from transom.store.positions import PositionConflict
from transom.types import STORED, Begun, RedactedExchange, RedactedFeedback, Withdrawal

log = structlog.get_logger()

WINDOW_BYTES = 8 * 2**20
"""Of payload in memory at a time; a single larger record comes alone."""

MOST_REFUSALS = 8
"""Records one after another that the store refuses, before it is the store that is taken to be broken: the records then
wait until it is mended, and none is given up for its sake."""

_LOOK_AGAIN_NS = 10 * 10**9
_LOOK_AT_NEWS_NS = 10**9


class Stages(Protocol):
    """What makes a record's one result of it."""

    async def process(self, entry: Entry, deadly: bool = False) -> Recorded: ...

    def without_content(self, exchange: RedactedExchange, reason: str) -> RedactedExchange: ...


class Books(Protocol):
    """The store. Each call is one transaction, tried again while the store is away."""

    async def position(self, writer_id: str) -> Position: ...
    async def write(self, batch: Batch) -> None: ...
    async def look(self, writer_id: str, begun: Begun) -> None: ...
    async def silent(self) -> list[str]: ...
    async def close(self, writer_id: str, begun: Begun) -> int: ...


class Follower:
    """Follows one writer from the stored position on."""

    def __init__(
        self, reader: SpoolReader, disk: Disk, books: Books, stages: Stages, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self.reader = reader
        self.attempts = Attempts(disk, Path(reader.folder) / "attempts")
        self._books, self._stages, self._clock = books, stages, clock
        self.committed = self._read = Position()
        self._window: deque[tuple[Entry, asyncio.Task[Recorded]]] = deque()
        self._refusals = 0
        self._looked: tuple[int, Begun | None] = (0, None)

    async def begin(self) -> None:
        """Find where the recorder before stopped, and clear away what it had recorded."""
        self.committed = self._read = await self._books.position(self.reader.writer_id)
        self.reader.forget_until(self.committed)
        self.attempts.begin(self.committed)

    @property
    def tasks(self) -> list[asyncio.Task[Recorded]]:
        """What is being worked on, the oldest first."""
        return [task for _, task in self._window]

    def fill(self, records: int) -> bool:
        """Begin work on what can be read, up to that many records at a time. False if there was nothing to read."""
        room = (1 if self.attempts.careful else records) - len(self._window)
        size = WINDOW_BYTES - sum(len(entry.payload or b"") for entry, _ in self._window)
        if room <= 0 or size <= 0:
            return True
        entries = self.reader.read(self._read, room, size)
        if entries:
            self._read = entries[-1].after
            self.attempts.at_work(self._read)
        for entry in entries:
            task = asyncio.ensure_future(self._stages.process(entry, self.attempts.deadly))
            self._window.append((entry, task))
        return bool(entries)

    async def commit(self) -> bool:
        """Write everything up to the first record that is still being worked on. False if there was nothing."""
        done = 0
        while done < len(self._window) and self._window[done][1].done():
            done += 1
        items = [(entry, task.result()) for entry, task in list(self._window)[:done]]
        if not items:
            return False
        try:
            await self._write(items, self.committed)
            self._advance(items[-1][0].after)
        except PositionConflict:
            # The commit went through and its acknowledgement was lost, or another recorder was faster.
            log.warning("a batch had been written already", writer=self.reader.writer_id)
            self._advance(await self._books.position(self.reader.writer_id))
        return True

    def _advance(self, position: Position) -> None:
        """Drop what is recorded from the window and from the disk."""
        passed: list[Entry] = []
        while self._window and self._window[0][0].after <= position:
            passed.append(self._window.popleft()[0])
        if position > self._read or position < self.committed:
            self._start_over(position)
        self.committed = position
        self.attempts.moved(position)
        self.reader.forget(passed, position)

    def _start_over(self, position: Position) -> None:
        for task in self.tasks:
            task.cancel()
        self._window.clear()
        self._read = position

    async def _write(self, items: Sequence[Item], expected: Position) -> None:
        """Write all or, if the store refuses them, halves; what it refuses alone is kept as metadata, then dropped."""
        batch = Batch.of(self.reader.writer_id, expected, items, self.reader.begun(), self._clock())
        try:
            await self._books.write(batch)
        except PositionConflict:
            raise
        except Exception as error:
            log.warning("a batch was refused by the store", records=len(items), error=error)
            if len(items) > 1:
                half = len(items) // 2
                await self._write(items[:half], expected)
                await self._write(items[half:], items[half - 1][0].after)
            elif isinstance(items[0][1], Dropped) or self._refusals == MOST_REFUSALS:
                raise
            else:
                self._refusals += 1
                await self._write([(items[0][0], self._less(items[0][1]))], expected)
        else:
            if any(exchange.outcome == STORED for exchange in batch.exchanges):
                self._refusals = 0

    def _less(self, item: Recorded) -> Recorded:
        """The next best thing to store."""
        if isinstance(item, RedactedExchange) and item.outcome.reason != _REFUSED:
            return self._stages.without_content(item, _REFUSED)
        return Dropped(_REFUSED, int(not isinstance(item, RedactedFeedback | Withdrawal)))

    async def rest(self) -> None:
        """With nothing to record: tell the store now and then what the writer has begun."""
        now, begun = self._clock(), self.reader.begun()
        last, known = self._looked
        if now - last >= (_LOOK_AGAIN_NS if begun == known else _LOOK_AT_NEWS_NS) or now < last:
            await self._books.look(self.reader.writer_id, begun)
            self._looked = (now, begun)

    async def close(self) -> None:
        """Close the books of a writer that is dead and read to its end, and delete what it left."""
        died = await self._books.close(self.reader.writer_id, self.reader.begun())
        if died:
            log.warning("exchanges died with their gateway", writer=self.reader.writer_id, exchanges=died)
        self.reader.remove()

    def end(self) -> None:
        """Stop following, in peace."""
        self._start_over(self.committed)
        self.attempts.end()


_REFUSED = "store_refused"
