from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from tests.unit.store.builders import exchange, rows, write
from transom.store.dialect import writing
from transom.store.engine import SchemaError, check_schema, connect, migrate, outlive_power_loss
from transom.store.models import PROJECT, TRACE


def _is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _to: Any) -> bool:
    return not (kind in ("table", "index") and str(name).startswith("message_words"))


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_the_migrations_make_what_the_models_say(db: AsyncEngine) -> None:
    await check_schema(db)
    async with db.connect() as conn:
        assert await conn.run_sync(_differences) == []


async def test_migrating_again_changes_nothing(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    await asyncio.gather(migrate(db), migrate(db))
    assert len(await rows(db, TRACE)) == 1


async def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(_connection: Connection) -> None:
        _connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("broken off")

    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setattr("transom.store.engine._upgrade", break_off)
    with pytest.raises(RuntimeError, match="broken off"):
        await migrate(engine)
    async with engine.connect() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM sqlite_master"))).scalar() == 0
    await engine.dispose()


async def test_an_empty_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(SchemaError, match="empty: run `transom migrate`"):
        await check_schema(engine)
    await engine.dispose()


async def test_a_schema_of_the_future_is_refused(db: AsyncEngine) -> None:
    async with db.begin() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="run a newer version"):
        await check_schema(db)
    with pytest.raises(SchemaError, match="run a newer version"):
        await migrate(db)


def test_other_databases_are_refused() -> None:
    with pytest.raises(SchemaError, match="mysql"):
        connect("mysql://localhost/x")


async def test_nobody_else_may_read_the_files(sqlite_url: str, tmp_path: Path) -> None:
    engine = connect(sqlite_url)
    await write(engine, exchange(1))
    files = list(tmp_path.glob("transom.db*"))
    assert {file.name for file in files} == {"transom.db", "transom.db-wal", "transom.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    await engine.dispose()


async def test_sqlite_is_set_up_for_many_readers_and_one_writer(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    async with engine.connect() as conn:
        found = {
            name: (await conn.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 10_000, "foreign_keys": 1}
    await engine.dispose()


async def test_writers_wait_for_each_other(db: AsyncEngine) -> None:
    async def read_then_write(number: int) -> None:
        async with writing(db) as conn:
            await conn.execute(text("SELECT * FROM trace"))
            await asyncio.sleep(0)
            await write(conn, exchange(number))

    await asyncio.gather(*(read_then_write(n) for n in range(8)))
    assert len(await rows(db, TRACE)) == 8


async def test_errors_show_no_parameters(db: AsyncEngine) -> None:
    with pytest.raises((IntegrityError, OperationalError)) as caught:
        async with db.begin() as conn:
            await conn.execute(PROJECT.insert(), [{"id": "confidential", "created_at": 1}] * 2)
    assert "hide_parameters" in str(caught.value)
    assert "confidential" not in str(caught.value).split("[SQL:")[1]


async def test_commits_survive_power_loss_where_that_is_asked_for(sqlite_url: str) -> None:
    for wanted, level in ((False, 1), (True, 2)):
        engine = connect(sqlite_url)
        if wanted:
            outlive_power_loss(engine)
        async with engine.connect() as conn:
            assert (await conn.execute(text("PRAGMA synchronous"))).scalar() == level
        await engine.dispose()
