"""Which errors of a store mean that it is away, and which that it refuses the rows."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from tests.db import Postgres, postgres, postgres_url
from transom.record.books import is_away

__all__ = ["postgres", "postgres_url"]


class DriverError(Exception):
    def __init__(self, sqlstate: str | None = None) -> None:
        super().__init__("the driver's words")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT", {}, DriverError()),
        InterfaceError("INSERT", {}, DriverError()),
        DBAPIError("INSERT", {}, DriverError(), connection_invalidated=True),
        DBAPIError("INSERT", {}, DriverError("57P01")),
        DBAPIError("INSERT", {}, DriverError("40P01")),
        DBAPIError("INSERT", {}, DriverError("53100")),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
    ],
)
def test_a_store_out_of_reach_is_away(error: Exception):
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("INSERT", {}, DriverError("23502")),
        DBAPIError("INSERT", {}, DriverError("22021")),
        DBAPIError("INSERT", {}, DriverError()),
        ValueError("not of the store"),
    ],
)
def test_a_refusal_is_no_absence(error: Exception):
    assert not is_away(error)


@pytest.mark.slow
async def test_a_value_that_no_column_takes_is_a_refusal_and_a_server_that_stops_is_away(
    postgres: Postgres, postgres_url: str
):
    engine = create_async_engine(postgres_url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(text("select cast(:n as int)"), {"n": 2**40})
        assert not is_away(refused.value)
        async with engine.connect() as connection:
            own = (await connection.execute(text("select pg_backend_pid()"))).scalar_one()
            async with engine.connect() as other:
                await other.execute(text("select pg_terminate_backend(:pid)"), {"pid": own})
            with pytest.raises(DBAPIError) as stopped:
                await connection.execute(text("select 1"))
        assert is_away(stopped.value)
    finally:
        await engine.dispose()
