"""Follows every writer's spool and records what it finds, in order, a batch a transaction."""

from __future__ import annotations

import asyncio
import platform
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from transom.config import Settings
from transom.process import wait_or_stop
from transom.record.stages import Dropped, Stages
from transom.secret import Secret
from transom.spool.counts import read_counts
from transom.spool.reader import Entry, Position, SpoolReader, find_writers
from transom.store.positions import PositionAdvance, PositionConflict, close_writer, read_position
from transom.store.write import write_batch
from transom.types import RedactedExchange, RedactedFeedback, Withdrawal, metadata_only

log = structlog.get_logger()

T = TypeVar("T")

POLL_S = 0.1
BATCH_RECORDS = 64
_TRY_AGAIN = {"40001", "40P01"}
"""PostgreSQL's serialization failure and deadlock: no fault of the rows."""
BATCH_BYTES = 1 * 2**20

Recorded = RedactedExchange | RedactedFeedback | Withdrawal | Dropped


@dataclass
class _Batch:
    """What one transaction writes of one writer, and where that leaves its position."""

    exchanges: list[RedactedExchange] = field(default_factory=list)
    feedback: list[RedactedFeedback | Withdrawal] = field(default_factory=list)
    dropped: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, item: Recorded, day: int) -> None:
        if isinstance(item, RedactedExchange):
            self.exchanges.append(item)
        elif isinstance(item, Dropped):
            self.dropped[day][item.reason] += item.exchanges
        else:
            self.feedback.append(item)


class Recorder:
    """One a host: it owns the host's spool."""

    def __init__(self, settings: Settings, secret: Secret, keys: list[bytes], engine: AsyncEngine, stages: Stages):
        self._spool, self._counts = settings.spool_dir, settings.data / "writers"
        self._keys, self._engine, self._stages, self._secret = keys, engine, stages, secret
        self._name = platform.node() or "localhost"

    async def run(self, stop: asyncio.Event, outlive_writers: bool) -> None:
        """Record until told to stop, then what is left. `outlive_writers`: and until no writer lives any more."""
        while True:
            stopping = stop.is_set()
            readers = find_writers(self._spool, self._counts, self._keys)
            busy = [await self._advance(reader) for reader in readers]
            if any(busy):
                continue
            alive = outlive_writers and any(reader.is_alive() for reader in readers)
            if stopping and not alive:
                return
            await (asyncio.sleep(POLL_S) if stopping else wait_or_stop(stop, POLL_S))

    async def _advance(self, reader: SpoolReader) -> bool:
        """Record the next batch of a writer, or close its books. False if there was nothing to do."""
        alive = reader.is_alive()
        position = await self._retrying(self._position, reader.writer_id)
        entries = reader.read(position, BATCH_RECORDS, BATCH_BYTES)
        if entries:
            await self._record(reader, entries, position)
        elif not alive:
            await self._retrying(self._close, reader)
        return bool(entries)

    async def _position(self, writer_id: str) -> Position:
        async with self._engine.connect() as connection:
            text = await read_position(connection, writer_id)
        return Position.parse(text) if text else Position()

    async def _record(self, reader: SpoolReader, entries: list[Entry], position: Position) -> None:
        done = await asyncio.gather(*(self._stages.process(entry) for entry in entries))
        await self._commit(reader, list(zip(entries, done, strict=True)), position)
        recorded = await self._retrying(self._position, reader.writer_id)
        reader.forget([entry for entry in entries if entry.after <= recorded], recorded)

    async def _commit(self, reader: SpoolReader, items: Sequence[tuple[Entry, Recorded]], position: Position) -> None:
        """Write all or, if the store refuses them, halves; what it refuses alone is kept as metadata, then dropped."""
        try:
            await self._retrying(self._write, reader, items, position)
        except PositionConflict:
            # The commit went through and its acknowledgement was lost; the next round reads on from the true position.
            log.warning("a batch had been written already", writer=reader.writer_id)
        except Exception as error:
            log.warning("a batch was refused by the store", records=len(items), error=error)
            if len(items) > 1:
                half = len(items) // 2
                await self._commit(reader, items[:half], position)
                await self._commit(reader, items[half:], items[half - 1][0].after)
            else:
                await self._commit_less(reader, *items[0], position)

    async def _commit_less(self, reader: SpoolReader, entry: Entry, item: Recorded, position: Position) -> None:
        if isinstance(item, Dropped):
            raise RuntimeError("the store does not accept a position")
        lesser: Recorded = Dropped("store_refused", int(not isinstance(item, RedactedFeedback | Withdrawal)))
        if isinstance(item, RedactedExchange) and item.outcome.reason != "store_refused":
            lesser = self._stages.without_content(item, metadata_only("store_refused"))
        await self._commit(reader, [(entry, lesser)], position)

    async def _write(self, reader: SpoolReader, items: Sequence[tuple[Entry, Recorded]], position: Position) -> None:
        batch, begun = _Batch(), read_counts(reader.counts)
        for entry, item in items:
            batch.add(item, begun.day_of(entry.time_ns))
        advance = PositionAdvance(
            writer_id=reader.writer_id,
            expected=str(position),
            position=str(items[-1][0].after),
            begun=begun,
            dropped=batch.dropped,
        )
        await write_batch(self._engine, batch.exchanges, batch.feedback, self._name, self._secret, advance)

    async def _close(self, reader: SpoolReader) -> None:
        died = await close_writer(self._engine, reader.writer_id, self._name, read_counts(reader.counts))
        if died:
            log.warning("exchanges died with their gateway", writer=reader.writer_id, exchanges=died)
        reader.remove()

    async def _retrying(self, action: Callable[..., Awaitable[T]], *args: Any) -> T:
        """As often as it takes while the store is away; the spool holds the backlog meanwhile."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_is_away),
            wait=wait_exponential_jitter(multiplier=0.1, max=10),
            before_sleep=_say_away,
        ):
            with attempt:
                return await action(*args)
        raise AssertionError("unreachable")


def _is_away(error: BaseException) -> bool:
    """Whether the store can't be reached, is locked or is full: none of it is the records' fault."""
    if isinstance(error, OperationalError | InterfaceError | OSError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _TRY_AGAIN


def _say_away(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("the store is away; records wait in the spool", attempt=state.attempt_number, error=error)
