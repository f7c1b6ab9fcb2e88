"""What SQLite and PostgreSQL do differently, said once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Boolean, Table, false, func, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from transom.store.models import SPOOL_POSITION

Db = AsyncEngine | AsyncConnection
"""An engine, to have a transaction of one's own, or a connection, to take part in the caller's."""


@asynccontextmanager
async def writing(db: Db) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that may write.

    SQLite grants its one write lock here, as BEGIN IMMEDIATE would: a transaction that reads first and then wants to
    write would fail at once, busy_timeout or not, when another has written in between. So a caller's own transaction
    must not have read before.
    """
    if isinstance(db, AsyncEngine):
        async with db.begin() as conn, writing(conn):
            yield conn
        return
    if is_sqlite(db):
        await db.execute(update(SPOOL_POSITION).where(false()).values(closed=True))
    yield db


def is_sqlite(conn: AsyncConnection) -> bool:
    """Which of the two this is."""
    return conn.dialect.name == "sqlite"


def insert(conn: AsyncConnection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT; both dialects spell it the same."""
    return sqlite_insert(table) if is_sqlite(conn) else postgresql_insert(table)


async def lock_linking(conn: AsyncConnection, exclusive: bool) -> None:
    """On PostgreSQL, let transactions with feedback run apart from those with traces.

    Two that run side by side don't see each other's rows: feedback and its trace would both be stored and never linked.
    """
    if not is_sqlite(conn):
        lock = func.pg_advisory_xact_lock if exclusive else func.pg_advisory_xact_lock_shared
        await conn.execute(lock(_LINKING).select())


_LINKING = 0x7472_6C6B
"""Names the advisory lock: `trlk`."""


class has_text(GenericFunction[bool]):  # noqa: N801
    """Whether a text holds another one, letter case included (LIKE ignores it on SQLite)."""

    type = Boolean()
    inherit_cache = True


@compiles(has_text, "sqlite")
def _sqlite_has_text(element: Any, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)}) > 0"


@compiles(has_text, "postgresql")
def _postgresql_has_text(element: Any, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)}) > 0"
