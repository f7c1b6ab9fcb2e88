"""The store as a recorder uses it: where each writer stands, batches written with their position, books closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.record.stages import Dropped, Recorded
from transom.secret import Secret
from transom.spool.reader import Entry, Position
from transom.store.positions import (
    PositionAdvance,
    close_writer,
    look_at_writer,
    read_position,
    silent_writers,
)
from transom.store.write import write_batch
from transom.types import Begun, RedactedExchange, RedactedFeedback, Withdrawal

_NO_FAULT_OF_THE_ROWS = ("08", "40001", "40P01", "53", "55P03", "57P", "58", "25006")
"""What PostgreSQL's error codes begin with where the rows are not to blame: the connection, a serialization failure, a
deadlock, resources, a lock, a server that stops or starts, its system, a server that may only be read (appendix A of
its manual)."""

SILENT_NS = 3600 * 10**9
"""Time to mount a spool that was forgotten."""

Item = tuple[Entry, Recorded]


@dataclass
class Batch:
    """What one transaction writes of one writer, and where that leaves its position."""

    writer_id: str
    expected: Position
    position: Position
    begun: Begun
    lag_ns: int
    exchanges: list[RedactedExchange] = field(default_factory=list)
    feedback: list[RedactedFeedback | Withdrawal] = field(default_factory=list)
    dropped: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def of(cls, writer_id: str, expected: Position, items: Sequence[Item], begun: Begun, now_ns: int) -> Batch:
        """Sort what was made of some records by what it is."""
        batch = cls(writer_id, expected, items[-1][0].after, begun, 0)
        for entry, item in items:
            if isinstance(item, RedactedExchange):
                batch.exchanges.append(item)
                ended = item.started_at + int((item.latency_ms or 0) * 1e6)
                batch.lag_ns = max(batch.lag_ns, now_ns - ended)
            elif isinstance(item, Dropped):
                batch.dropped[begun.day_of(entry.time_ns)][item.reason] += item.exchanges
            else:
                batch.feedback.append(item)
        return batch


class Books:
    """The real store's. Each call is one transaction; `is_away` tells a store out of reach from a refusal."""

    def __init__(self, engine: AsyncEngine, host: str, secret: Secret) -> None:
        self._engine, self._host, self._secret = engine, host, secret

    async def position(self, writer_id: str) -> Position:
        """Where a writer's next record is."""
        async with self._engine.connect() as connection:
            text = await read_position(connection, writer_id)
        return Position.parse(text) if text else Position()

    async def write(self, batch: Batch) -> None:
        """Write a batch. Raises PositionConflict where another recorder was faster."""
        advance = PositionAdvance(
            writer_id=batch.writer_id,
            expected=str(batch.expected),
            position=str(batch.position),
            begun=batch.begun,
            dropped=batch.dropped,
            lag_ns=batch.lag_ns,
        )
        await write_batch(self._engine, batch.exchanges, batch.feedback, self._host, self._secret, advance)

    async def look(self, writer_id: str, begun: Begun) -> None:
        """Note what an idle writer has begun."""
        await look_at_writer(self._engine, writer_id, self._host, begun)

    async def silent(self) -> list[str]:
        """Writers of this host that should have been looked at long ago."""
        async with self._engine.connect() as connection:
            return await silent_writers(connection, self._host, SILENT_NS)

    async def close(self, writer_id: str, begun: Begun) -> int:
        """Close the books of a dead writer; gives how many exchanges died with it."""
        return await close_writer(self._engine, writer_id, self._host, begun)


def is_away(error: BaseException) -> bool:
    """Whether the store can't be reached, is locked or is full: none of it is the records' fault."""
    driver: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver, ValueError) or isinstance(getattr(driver, "__cause__", None), ValueError):
        return False  # asyncpg's word for a value that no column takes
    if isinstance(error, OperationalError | InterfaceError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return str(getattr(driver, "sqlstate", None)).startswith(_NO_FAULT_OF_THE_ROWS)
