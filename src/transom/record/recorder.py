"""Follows every writer's spool and records what it finds, in order, a batch a transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from transom.process import wait_or_stop
from transom.record.books import Batch, is_away
from transom.record.follower import Books, Follower, Stages
from transom.spool.disk import Disk
from transom.spool.reader import EXCHANGES, Position, SpoolReader, find_writers
from transom.types import Begun

log = structlog.get_logger()

T = TypeVar("T")

POLL_S = 0.1
WINDOW_RECORDS = 256
"""Records in memory at a time, of all writers together."""

FEWEST_EACH = 16
_REST_NS = 2 * 10**9
_CHECK_AGAIN_NS = 600 * 10**9


class Recorder:
    """One a host: it owns the host's spool."""

    def __init__(
        self,
        spool: Path,
        counts: Path,
        keys: list[bytes],
        books: Books,
        stages: Stages,
        disk: Disk | None = None,
        clock: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._spool, self._counts, self._keys, self._stages = spool, counts, keys, stages
        self._disk, self._clock = disk or Disk(), clock
        self._books = PatientBooks(books, self._excuse, sleep)
        self._followers: dict[str, Follower] = {}
        self._troubled: dict[str, int] = {}
        self._checked = 0

    async def run(self, stop: asyncio.Event, outlive_writers: bool, patience_s: float = 5) -> None:
        """Record until told to stop, then what is left. `outlive_writers`: and until no writer lives any more.

        Once told to stop, a store that is away or a writer in trouble is waited for no longer than `patience_s`; raises
        StoreAway then.
        """
        self._books.stop, self._books.patience_s = stop, patience_s
        until: float | None = None
        while True:
            stopping = stop.is_set()
            if await self.step():
                continue
            if stopping:
                now = asyncio.get_running_loop().time()
                until = until or now + patience_s
                if self._troubled and now >= until:
                    raise StoreAway
            if stopping and not self._more_may_come(outlive_writers):
                break
            await self._wait(stop)
        for follower in self._followers.values():
            follower.end()

    def _more_may_come(self, outlive_writers: bool) -> bool:
        followers = self._followers.values()
        waiting = any(f.tasks or (outlive_writers and f.reader.is_alive()) for f in followers)
        return waiting or bool(self._troubled)

    async def step(self) -> bool:
        """Look at every writer once: begin work, and commit what is done. False if none of them had anything."""
        try:
            found = find_writers(self._spool, self._counts, self._keys, self._disk)
        except OSError as error:
            log.error("the spool could not be listed; it is tried again", error=error)
            return False
        readers = {reader.writer_id: reader for reader in found}
        await self._close_lost(readers.keys())
        for gone in self._followers.keys() - readers.keys():
            self._followers.pop(gone).end()
        self._troubled = {writer_id: at for writer_id, at in self._troubled.items() if writer_id in readers}
        room = max(FEWEST_EACH, WINDOW_RECORDS // max(1, len(readers)))
        return any([await self._advance(reader, room) for reader in readers.values()])

    async def _close_lost(self, present: Collection[str]) -> None:
        """Close the books of writers of which nothing is left, as after power loss: nothing more will come of them."""
        now = self._clock()
        if self._checked and 0 <= now - self._checked < _CHECK_AGAIN_NS:
            return
        for writer_id in await self._books.silent():
            if writer_id not in present:
                died = await self._books.close(writer_id, Begun(first_day=0, last_day=0))
                log.error("a writer and its spool are gone", writer=writer_id, exchanges=died)
        self._checked = now

    async def _advance(self, reader: SpoolReader, room: int) -> bool:
        """A step of one writer, whose trouble must not hold up the others."""
        if 0 <= self._clock() - self._troubled.get(reader.writer_id, -_REST_NS) < _REST_NS:
            return False
        try:
            follower = self._followers.get(reader.writer_id) or await self._follow(reader)
            alive = reader.is_alive()
            more = follower.fill(room)
            committed = await follower.commit()
            self._troubled.pop(reader.writer_id, None)
            if committed:
                return True
            if follower.tasks:
                return False
            if not alive and not more:
                await follower.close()
                self._followers.pop(reader.writer_id).end()
                return True
            await follower.rest()
        except StoreAway:
            raise
        except Exception as error:
            log.error("a writer could not be recorded; it is tried again", writer=reader.writer_id, error=error)
            self._troubled[reader.writer_id] = self._clock()
        return False

    async def _follow(self, reader: SpoolReader) -> Follower:
        follower = Follower(reader, self._disk, self._books, self._stages, self._clock)
        await follower.begin()
        self._followers[reader.writer_id] = follower
        return follower

    async def _wait(self, stop: asyncio.Event) -> None:
        """Until the oldest record at work anywhere is done, or it is time to look for new ones."""
        oldest = [follower.tasks[0] for follower in self._followers.values() if follower.tasks]
        if oldest:
            await asyncio.wait(oldest, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        elif stop.is_set():
            await asyncio.sleep(POLL_S)
        else:
            await wait_or_stop(stop, POLL_S)

    def waiting(self) -> int:
        """How many exchanges are in the spool and not recorded, by their plain headers."""
        count = 0
        for reader in find_writers(self._spool, self._counts, self._keys, self._disk):
            follower = self._followers.get(reader.writer_id)
            headers = reader.headers(follower.committed if follower else Position())
            count += sum(plain.kind in EXCHANGES for plain, _, _ in headers)
        return count

    def _excuse(self) -> None:
        for follower in self._followers.values():
            follower.attempts.excuse()


class StoreAway(Exception):
    """The store is away and the recorder was told to stop."""


class PatientBooks:
    """Tries again as often as it takes while the store is away; the spool holds the backlog meanwhile."""

    def __init__(self, books: Books, say_away: Callable[[], None], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._books, self._say_away, self._sleep = books, say_away, sleep
        self.stop: asyncio.Event | None = None
        self.patience_s = 0.0
        self._given_up_at: float | None = None

    async def position(self, writer_id: str) -> Position:
        return await self._patiently(self._books.position, writer_id)

    async def write(self, batch: Batch) -> None:
        await self._patiently(self._books.write, batch)

    async def look(self, writer_id: str, begun: Begun) -> None:
        await self._patiently(self._books.look, writer_id, begun)

    async def silent(self) -> list[str]:
        return await self._patiently(self._books.silent)

    async def close(self, writer_id: str, begun: Begun) -> int:
        return await self._patiently(self._books.close, writer_id, begun)

    async def _patiently(self, action: Callable[..., Awaitable[T]], *args: Any) -> T:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(is_away),
            wait=wait_exponential_jitter(multiplier=0.1, max=10),
            sleep=self._wait,
            before_sleep=self._note,
        ):
            with attempt:
                return await action(*args)
        raise AssertionError("unreachable")

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("the store is away; records wait in the spool", attempt=state.attempt_number, error=error)
        self._say_away()

    async def _wait(self, seconds: float) -> None:
        if self.stop is None:
            await self._sleep(seconds)
        elif not self.stop.is_set():
            await wait_or_stop(self.stop, seconds)
        else:
            now = asyncio.get_running_loop().time()
            self._given_up_at = self._given_up_at or now + self.patience_s
            if now >= self._given_up_at:
                raise StoreAway
            await self._sleep(min(seconds, 1))
