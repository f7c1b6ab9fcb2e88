"""Databases that go away, refuse, lose acknowledgements, and keep a transaction whole: a model of one, and SQLite."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.simulation.disk import Killed, Process
from transom.record.books import Batch, Books
from transom.spool.reader import Position
from transom.store.completeness import completeness
from transom.store.models import TRACE
from transom.store.positions import PositionConflict, silent_writers
from transom.types import Begun


def away() -> OperationalError:
    return OperationalError("", {}, Exception("away"))


def name_of(state: str, reason: str | None) -> str:
    return f"{state}:{reason}" if reason else state


class Database(Protocol):
    """What the simulation asks of a database beyond what the recorder does."""

    async def position(self, writer_id: str) -> Position: ...
    async def write(self, batch: Batch) -> None: ...
    async def look(self, writer_id: str, begun: Begun) -> None: ...
    async def silent(self) -> list[str]: ...
    async def close(self, writer_id: str, begun: Begun) -> int: ...
    async def traces(self) -> dict[str, tuple[str, str | None]]: ...
    async def outcomes(self) -> tuple[int, Counter[str], int]: ...


@dataclass
class _Writer:
    position: Position = field(default_factory=Position)
    begun: Counter[int] = field(default_factory=Counter)
    undone: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    closed: bool = False

    def look(self, begun: Begun) -> None:
        for mine, theirs in ((self.begun, begun.exchanges), (self.undone, begun.undone)):
            for day, count in theirs.items():
                mine[day] = max(mine[day], count)


class Model:
    """A database as simple as can be: what a committed transaction wrote is there, once and whole."""

    def __init__(self) -> None:
        self._writers: dict[str, _Writer] = {}
        self._traces: dict[str, tuple[str, str | None]] = {}

    def _writer(self, writer_id: str) -> _Writer:
        return self._writers.setdefault(writer_id, _Writer())

    async def position(self, writer_id: str) -> Position:
        return self._writer(writer_id).position

    async def write(self, batch: Batch) -> None:
        writer = self._writer(batch.writer_id)
        if writer.position != batch.expected:
            raise PositionConflict
        assert not writer.closed, "a record came after its writer was closed"
        writer.position = batch.position
        writer.look(batch.begun)
        for exchange in batch.exchanges:
            assert exchange.id not in self._traces, "an exchange was recorded twice"
            self._traces[exchange.id] = (exchange.outcome.state.value, exchange.outcome.reason)
            writer.outcomes[name_of(*self._traces[exchange.id])] += 1
        for reasons in batch.dropped.values():
            writer.outcomes.update({f"dropped:{reason}": n for reason, n in reasons.items() if n})

    async def look(self, writer_id: str, begun: Begun) -> None:
        self._writer(writer_id).look(begun)

    async def silent(self) -> list[str]:
        return [writer_id for writer_id, writer in self._writers.items() if not writer.closed]

    async def close(self, writer_id: str, begun: Begun) -> int:
        writer = self._writer(writer_id)
        if writer.closed:
            return 0
        writer.look(begun)
        died = writer.begun.total() - writer.undone.total() - writer.outcomes.total()
        writer.outcomes["dropped:gateway_died"] += max(0, died)
        writer.closed = True
        return died

    async def traces(self) -> dict[str, tuple[str, str | None]]:
        return self._traces

    async def outcomes(self) -> tuple[int, Counter[str], int]:
        """(begun, outcomes, begun without one)."""
        outcomes: Counter[str] = Counter()
        begun = 0
        for writer in self._writers.values():
            own = writer.outcomes + Counter({"dropped:spool_error": writer.undone.total()})
            begun += max(writer.begun.total(), own.total())
            outcomes += own
        return begun, outcomes, begun - outcomes.total()


class RealStore(Books):
    """The store itself, over SQLite. `die` makes the next commit the recorder's last."""

    def __init__(self, engine: AsyncEngine, *args: Any) -> None:
        super().__init__(engine, *args)
        self.engine = engine
        self.die = False
        event.listen(engine.sync_engine, "commit", self._on_commit)

    def _on_commit(self, _connection: Any) -> None:
        if self.die:
            self.die = False
            raise Killed

    async def silent(self) -> list[str]:
        async with self.engine.connect() as conn:
            return await silent_writers(conn, "host-1", 0)

    async def traces(self) -> dict[str, tuple[str, str | None]]:
        async with self.engine.connect() as conn:
            columns = TRACE.c.id, TRACE.c.outcome, TRACE.c.outcome_reason
            return {row.id: (row.outcome, row.outcome_reason) for row in await conn.execute(select(*columns))}

    async def outcomes(self) -> tuple[int, Counter[str], int]:
        async with self.engine.connect() as conn:
            went = await completeness(conn)
        return went["begun"], Counter(went["reasons"]), went["in_flight"] + went["unaccounted"]


class UnsureBooks:
    """A recorder's way to a database over a network that breaks off before or after a commit, and so does it."""

    def __init__(self, database: Database, process: Process, chance: random.Random, poison: set[str]) -> None:
        self._database, self._process, self._chance, self._poison = database, process, chance, poison

    def _step(self) -> None:
        if not self._process.alive:
            raise Killed
        if self._chance.random() < self._process.trouble:
            raise away()

    async def position(self, writer_id: str) -> Position:
        self._step()
        return await self._database.position(writer_id)

    async def write(self, batch: Batch) -> None:
        self._step()
        if any(e.id in self._poison and e.outcome.reason != "store_refused" for e in batch.exchanges):
            raise ValueError("a row that the store refuses")
        await self._commit(self._database.write(batch))

    async def look(self, writer_id: str, begun: Begun) -> None:
        self._step()
        await self._database.look(writer_id, begun)

    async def silent(self) -> list[str]:
        self._step()
        return await self._database.silent()

    async def close(self, writer_id: str, begun: Begun) -> int:
        self._step()
        found = await self._commit(self._database.close(writer_id, begun))
        return int(found)

    async def _commit(self, transaction: Any) -> Any:
        """The transaction happens; whether the recorder lives to hear of it is another matter."""
        if isinstance(self._database, RealStore) and self._chance.random() < self._process.trouble:
            self._database.die = True
        try:
            done = await transaction
        except Killed:
            self._process.kill()
            raise
        if self._chance.random() < self._process.trouble:
            self._process.kill()
            raise Killed
        if self._chance.random() < self._process.trouble:
            raise away()
        return done
