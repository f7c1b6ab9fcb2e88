"""What is planted in a file, a log or a table is found, and named by its place."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db import postgres, postgres_db, postgres_url
from tests.unit.store.builders import exchange, write
from transom.config import ConfigError, Settings, Spool
from transom.config import Proof as ProofSettings
from transom.prove import places
from transom.prove.canary import Canary
from transom.prove.places import Place, leaks, search_files, search_postgres, search_spool
from transom.prove.search import PIECE_BYTES, Search
from transom.store.models import MESSAGE

__all__ = ["postgres", "postgres_db", "postgres_url"]

MAIL = Canary("EMAIL_ADDRESS", "nora.kestrel@example.com", "")
SEARCH = Search([MAIL])
LEAK = MAIL.value.encode()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data" / "spool" / "writer").mkdir(parents=True)
    (tmp_path / "data" / "transom.db").write_bytes(b"nothing here")
    return Settings(data=tmp_path / "data")


def found(settings: Settings) -> list[tuple[str, str]]:
    return leaks(search_files(SEARCH, settings))


def test_a_clean_folder_is_searched_to_the_last_byte(settings: Settings):
    (settings.data / "spool" / "writer" / "1.spool").write_bytes(b"x" * 100)
    assert Place("transom.db", 12, set()) in search_files(SEARCH, settings)
    assert Place("spool", 100, set()) in search_files(SEARCH, settings)
    assert found(settings) == []


@pytest.mark.parametrize("name", ["transom.db", "transom.db-wal", "new.file", "spool/writer/1.spool"])
def test_a_leak_in_any_file_is_named_by_its_place(settings: Settings, name: str):
    (settings.data / name).write_bytes(b"x" * (PIECE_BYTES - 9) + LEAK + b"y" * PIECE_BYTES)
    assert found(settings) == [("EMAIL_ADDRESS", name.partition("/")[0])]


def test_a_spool_elsewhere_is_searched(settings: Settings, tmp_path: Path):
    (tmp_path / "spool" / "writer").mkdir(parents=True)
    (tmp_path / "spool" / "writer" / "1.large").write_bytes(LEAK)
    elsewhere = settings.model_copy(update={"spool": Spool(dir=tmp_path / "spool")})
    assert found(elsewhere) == [("EMAIL_ADDRESS", "spool")]
    assert search_spool(SEARCH, elsewhere) == Place("spool, before recording", len(LEAK), {"EMAIL_ADDRESS"})


def test_a_database_elsewhere_is_searched_with_its_log(settings: Settings, tmp_path: Path):
    (tmp_path / "other.db").write_bytes(b"")
    (tmp_path / "other.db-wal").write_bytes(LEAK)
    url = SecretStr(f"sqlite:///{tmp_path / 'other.db'}")
    assert found(settings.model_copy(update={"database_url": url})) == [("EMAIL_ADDRESS", "other.db-wal")]


def test_a_log_is_searched(settings: Settings, tmp_path: Path):
    log = tmp_path / "stderr.log"
    log.write_bytes(b'{"event": "' + LEAK + b'"}')
    assert found(settings.model_copy(update={"proof": ProofSettings(logs=[log])})) == [
        ("EMAIL_ADDRESS", "log stderr.log")
    ]


def test_the_file_that_the_process_logs_to_is_searched_unasked(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(places, "_own_log", lambda: tmp_path / "own.log")
    (tmp_path / "own.log").write_bytes(LEAK)
    assert found(settings) == [("EMAIL_ADDRESS", "log own.log")]


def test_a_log_that_is_not_there_is_a_mistake(settings: Settings, tmp_path: Path):
    wrong = settings.model_copy(update={"proof": ProofSettings(logs=[tmp_path / "nope.log"])})
    with pytest.raises(ConfigError, match=r"proof\.logs: there is no file .*nope\.log"):
        search_files(SEARCH, wrong)


def test_what_cannot_be_read_is_not_passed_over(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"can't read .*transom\.db: Permission denied"):
        search_files(SEARCH, settings)


@pytest.fixture
async def planted(postgres_db: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """A database with a leak in a text of one table, and in the bytes of another."""
    await write(postgres_db, exchange(1, user_id=MAIL.value))
    raw = {"project_id": "p", "key_id": "k", "role": "user", "parts": "[]", "remarks": "[]"}
    async with postgres_db.begin() as conn:
        await conn.execute(insert(MESSAGE).values(digest=b"raw " + LEAK, **raw))
    yield postgres_db


@pytest.mark.slow
async def test_every_table_of_postgresql_is_searched(planted: AsyncEngine):
    searched = await search_postgres(SEARCH, planted)
    assert leaks(searched) == [("EMAIL_ADDRESS", "table message"), ("EMAIL_ADDRESS", "table trace")]
    assert {"table feedback", "table proof", "table message_words"} <= {place.name for place in searched}


async def test_sqlite_is_searched_as_files(settings: Settings, tmp_path: Path):
    from transom.store.engine import connect

    engine = connect(f"sqlite:///{tmp_path / 'x.db'}")
    assert await search_postgres(SEARCH, engine) == []
    await engine.dispose()
