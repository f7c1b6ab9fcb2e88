"""What was backed up comes back whole, into an empty place, or not at all."""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.db import Postgres
from tests.unit.store.builders import begun, exchange, feedback, rows, write
from transom.config import ConfigError, Settings
from transom.secret import load_secret
from transom.store.backup import restore as module
from transom.store.backup.backup import backup
from transom.store.backup.restore import restore
from transom.store.completeness import completeness
from transom.store.engine import connect, migrate
from transom.store.models import FEEDBACK, TRACE
from transom.store.positions import PositionAdvance

HOST = platform.node() or "localhost"
ADVANCE = PositionAdvance(writer_id="w1", expected="1:0:0", position="1:9:2", begun=begun(5))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Settings, Settings]]:
    """Where the backup is taken, and an empty place."""
    old, new = Settings(data=tmp_path / "old"), Settings(data=tmp_path / "new")
    if request.param == "sqlite":
        yield old, new
        return
    server: Postgres = request.getfixturevalue("postgres")
    for name in ("before", "after"):
        server.sql(f"CREATE DATABASE {name}")
    yield on(old, server.url("before")), on(new, server.url("after"))
    for name in ("before", "after"):
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def on(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": SecretStr(url)})


@pytest.fixture
async def source(places: tuple[Settings, Settings], tmp_path: Path) -> Path:
    """A backup of two traces and a thumb; three exchanges are under way."""
    settings, _ = places
    await migrate(settings.database)
    load_secret(settings.data, None)
    (settings.data / "admin.token").write_text("the token")
    engine = connect(settings.database)
    one = exchange(1)
    await write(engine, one, exchange(2), feedback(one.id), advance=ADVANCE, recorder=HOST)
    await engine.dispose()
    await backup(settings, tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


async def everything(settings: Settings) -> dict[str, Any]:
    engine = connect(settings.database)
    found = {"traces": await rows(engine, TRACE), "feedback": await rows(engine, FEEDBACK)}
    async with engine.connect() as conn:
        books = await completeness(conn)
    await engine.dispose()
    return {
        **found,
        "books": {name: books[name] for name in ("begun", "stored", "in_flight", "dropped", "unaccounted")},
    }


async def test_everything_is_there_again(places: tuple[Settings, Settings], source: Path):
    old, new = places
    manifest = await restore(new, source)
    before, after = await everything(old), await everything(new)
    assert after["traces"] == before["traces"]
    assert after["feedback"] == before["feedback"]
    assert (manifest.schema, len(after["traces"])) == ("0004", 2)
    for name in ("secret.key", "admin.token"):
        assert (new.data / name).read_bytes() == (old.data / name).read_bytes()
    files = [path for path in new.data.iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert [path for path in new.data.iterdir() if path.is_dir()] == [], "no draft is left"


async def test_what_was_under_way_is_booked_as_gone(places: tuple[Settings, Settings], source: Path):
    old, new = places
    await restore(new, source)
    assert (await everything(old))["books"]["in_flight"] == 3
    books = (await everything(new))["books"]
    assert books == {"begun": 5, "stored": 2, "dropped": 3, "in_flight": 0, "unaccounted": 0}


@pytest.mark.parametrize("places", ["postgresql"], indirect=True)
@pytest.mark.slow
async def test_what_is_under_way_on_other_hosts_goes_on(
    places: tuple[Settings, Settings], source: Path, tmp_path: Path
):
    old, new = places
    engine = connect(old.database)
    there = msgspec.structs.replace(ADVANCE, writer_id="w2")
    await write(engine, exchange(3), advance=there, recorder="another-host")
    await engine.dispose()
    await backup(old, tmp_path / "both.tar")
    await restore(new, tmp_path / "both.tar")
    books = (await everything(new))["books"]
    assert books == {"begun": 10, "stored": 3, "dropped": 3, "in_flight": 4, "unaccounted": 0}


async def test_a_writer_whose_spool_is_here_is_recorded_to_its_end(places: tuple[Settings, Settings], source: Path):
    _, new = places
    (new.spool_dir / "w1").mkdir(parents=True)
    await restore(new, source)
    assert (await everything(new))["books"]["in_flight"] == 3


async def test_a_place_that_is_taken_is_left_as_it_is(places: tuple[Settings, Settings], source: Path):
    old, new = places
    for name in ("secret.key", "admin.token"):
        new.data.mkdir(exist_ok=True)
        (new.data / name).write_text("another")
        with pytest.raises(ConfigError, match=f"{name}: exists already"):
            await restore(new, source)
        assert (new.data / name).read_text() == "another"
        (new.data / name).unlink()
    before = await everything(old)
    with pytest.raises(ConfigError, match=r"exists already|isn't empty"):
        await restore(old, source)
    assert await everything(old) == before


async def test_a_log_of_another_database_is_a_database(source: Path, places: tuple[Settings, Settings]):
    _, new = places
    if new.database_url:
        return
    new.data.mkdir()
    (new.data / "transom.db-wal").touch()
    with pytest.raises(ConfigError, match=r"transom\.db-wal: exists already"):
        await restore(new, source)


async def test_a_damaged_backup_leaves_nothing(places: tuple[Settings, Settings], source: Path):
    _, new = places
    content = bytearray(source.read_bytes())
    content[len(content) // 2] ^= 1
    source.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        await restore(new, source)
    assert list(new.data.iterdir()) == []


async def test_a_failure_half_way_leaves_nothing(
    places: tuple[Settings, Settings], source: Path, monkeypatch: pytest.MonkeyPatch
):
    _, new = places

    def no_room(draft: Path, place: Path) -> None:
        if place.name != "secret.key":
            raise OSError(28, "No space left on device")
        link(draft, place)

    async def refused(*_: Any) -> None:
        raise ConfigError("refused")

    link = os.link
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_room)
        patch.setattr(module, "load", refused)
        with pytest.raises(ConfigError, match=r"No space left|refused"):
            await restore(new, source)
    assert list(new.data.iterdir()) == []
    await restore(new, source)
    assert len((await everything(new))["traces"]) == 2


async def test_the_secret_must_be_the_same(places: tuple[Settings, Settings], source: Path, tmp_path: Path):
    old, new = places
    other = new.model_copy(update={"secret_key": SecretStr("another")})
    with pytest.raises(ConfigError, match="unset it: the backup brings its own"):
        await restore(other, source)
    phrase = old.model_copy(update={"secret_key": SecretStr("a phrase")})
    await backup(phrase, tmp_path / "phrase.tar")
    with pytest.raises(ConfigError, match="set TRANSOM_SECRET_KEY to what it was"):
        await restore(new, tmp_path / "phrase.tar")
    with pytest.raises(ConfigError, match="not the secret of this backup: set it to what it was"):
        await restore(other, tmp_path / "phrase.tar")
    await restore(new.model_copy(update={"secret_key": SecretStr("a phrase")}), tmp_path / "phrase.tar")
    assert not (new.data / "secret.key").exists()


async def test_a_newer_schema_is_refused(places: tuple[Settings, Settings], source: Path, tmp_path: Path):
    old, new = places
    engine = connect(old.database)
    async with engine.begin() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    await backup(old, tmp_path / "newer.tar")
    with pytest.raises(ConfigError, match="run a newer version"):
        await restore(new, tmp_path / "newer.tar")
    assert not new.data.exists()


async def test_another_kind_of_database_is_refused(places: tuple[Settings, Settings], source: Path, tmp_path: Path):
    old, new = places
    other = "sqlite:///x.db" if old.database_url else f"postgresql://x@/x?host={tmp_path}"
    with pytest.raises(ConfigError, match="change database_url"):
        await restore(on(new, other), source)


@pytest.mark.parametrize("places", ["sqlite"], indirect=True)
async def test_the_same_keys_may_be_there(places: tuple[Settings, Settings], source: Path):
    old, new = places
    new.data.mkdir()
    (new.data / "secret.key").write_bytes((old.data / "secret.key").read_bytes())
    await restore(new, source)
    assert len((await everything(new))["traces"]) == 2
