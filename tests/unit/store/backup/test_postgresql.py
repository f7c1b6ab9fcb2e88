"""pg_dump and pg_restore: what is missing is told, and no password is on a command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.db import Postgres
from transom.config import ConfigError
from transom.store.backup.postgresql import dump, load
from transom.store.engine import connect

pytestmark = pytest.mark.slow


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the only one in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(["#!/bin/sh", *lines]))
    (folder / name).chmod(0o700)


@pytest.fixture
def empty_url(postgres: Postgres) -> Iterator[str]:
    postgres.sql("CREATE DATABASE empty")
    yield postgres.url("empty")
    postgres.sql("DROP DATABASE empty WITH (FORCE)")


async def test_what_is_dumped_can_be_loaded(postgres_url: str, empty_url: str, tmp_path: Path):
    old, new = connect(postgres_url), connect(empty_url)
    async with old.begin() as conn:
        await conn.execute(text("INSERT INTO project (id, created_at) VALUES ('another', 1)"))
    await dump(old, tmp_path / "dump")
    await load(new, tmp_path / "dump")
    async with new.connect() as conn:
        assert (await conn.execute(text("SELECT id FROM project ORDER BY id"))).scalars().all() == [
            "another",
            "default",
        ]
    await old.dispose()
    await new.dispose()


async def test_a_missing_program_is_told_with_what_to_install(postgres_url: str, programs: Path):
    engine = connect(postgres_url)
    with pytest.raises(ConfigError, match=r"pg_dump is not installed: install .* postgresql-client-15"):
        await dump(engine, programs / "dump")
    with pytest.raises(ConfigError, match="pg_restore is not installed"):
        await load(engine, programs / "dump")
    await engine.dispose()


async def test_a_program_older_than_the_server_is_told(postgres_url: str, programs: Path):
    put(programs, "pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.1"')
    engine = connect(postgres_url)
    with pytest.raises(ConfigError, match=r"pg_dump 9 is older than the server \(15\): install"):
        await dump(engine, programs / "dump")
    await engine.dispose()


async def test_the_password_goes_by_the_environment(postgres_url: str, programs: Path):
    said = programs / "said"
    put(programs, "pg_dump", f'echo "$@" >> {said}', f'echo "$PGPASSWORD $PGUSER $PGDATABASE" >> {said}', "echo 15.1")
    engine = connect(postgres_url.replace("transom@", "transom:guessme@"))
    await dump(engine, programs / "dump")
    version, _, arguments, environment = said.read_text().splitlines()
    assert version == "--version"
    assert "guessme" not in arguments
    assert environment == f"guessme transom {engine.url.database}"
    await engine.dispose()


async def test_a_failure_is_told_in_one_line(postgres_url: str, tmp_path: Path):
    (tmp_path / "dump").write_text("not a dump")
    engine = connect(postgres_url)
    with pytest.raises(ConfigError, match=r"^pg_restore failed: pg_restore: error: .*archive.*$"):
        await load(engine, tmp_path / "dump")
    await engine.dispose()
