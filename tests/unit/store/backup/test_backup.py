"""One file with everything that would be missed, made beside those who write."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.unit.store.builders import exchange, say, write
from transom.config import ConfigError, Settings
from transom.secret import load_secret
from transom.store.backup.backup import backup
from transom.store.backup.file import extract, read_manifest, silent
from transom.store.engine import connect, migrate
from transom.store.retention import delete_traces


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """Of a data folder with a database, a secret, an admin token and a spool."""
    found = Settings(data=tmp_path / "data")
    await migrate(found.database)
    load_secret(found.data, None)
    (found.data / "admin.token").write_text("the token")
    (found.data / "spool").mkdir()
    (found.data / "spool" / "00000001.spool").write_text("what is under way")
    return found


async def test_it_holds_database_keys_and_nothing_else(settings: Settings, tmp_path: Path):
    target = tmp_path / "backup.tar"
    manifest = await backup(settings, target)
    with tarfile.open(target) as tar:
        assert tar.getnames() == ["manifest.json", "transom.db", "secret.key", "admin.token"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert manifest == read_manifest(target)
    assert (manifest.database, manifest.secret, manifest.admin_token) == ("sqlite", "file", "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"], "no draft is left"


async def test_what_comes_from_the_environment_is_said_and_left_out(settings: Settings, tmp_path: Path):
    given = settings.model_copy(update={"secret_key": SecretStr("a phrase"), "admin_token": SecretStr("a token")})
    manifest = await backup(given, tmp_path / "backup.tar")
    assert (manifest.secret, manifest.admin_token) == ("environment", "environment")
    assert set(manifest.sha256) == {"transom.db"}


async def test_it_is_of_one_moment_while_others_write(settings: Settings, tmp_path: Path):
    engine = connect(settings.database)
    await write(engine, *[exchange(number) for number in range(500)])
    done = asyncio.Event()

    async def write_on() -> int:
        number = 500
        while not done.is_set():
            await write(engine, *[exchange(n) for n in range(number, number + 10)])
            number += 10
        return number

    writing = asyncio.create_task(write_on())
    for number in range(3):
        await backup(settings, tmp_path / f"{number}.tar")
    done.set()
    assert await writing > 510
    await engine.dispose()
    for number in range(3):
        assert traces_in(tmp_path / f"{number}.tar") % 10 == 0


def traces_in(source: Path) -> int:
    copy = source.with_suffix(".db")
    manifest = read_manifest(source)
    extract(
        source,
        manifest,
        {name: copy if name == "transom.db" else source.with_suffix("." + name) for name in manifest.sha256},
        silent,
    )
    with sqlite3.connect(copy) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (traces,) = db.execute("SELECT count(*) FROM trace").fetchone()
    db.close()
    return int(traces)


async def test_what_was_erased_is_not_in_it(settings: Settings, tmp_path: Path):
    engine = connect(settings.database)
    gone = exchange(1, input_messages=[say("user", "the words of somebody erased")])
    await write(engine, gone, exchange(2))
    await delete_traces(engine, [gone.id])
    await engine.dispose()
    await backup(settings, tmp_path / "backup.tar")
    assert b"somebody erased" not in (tmp_path / "backup.tar").read_bytes()


async def test_how_far_it_is_can_be_seen(settings: Settings, tmp_path: Path):
    told: list[tuple[str, int, int]] = []
    await backup(settings, tmp_path / "backup.tar", lambda *said: told.append(said))
    assert [what for what, _, _ in told][-1] == "Writing the backup"
    assert told[-1][1] == told[-1][2] > 0


async def test_mistakes_are_told_with_what_to_do(settings: Settings, tmp_path: Path):
    (tmp_path / "old.tar").write_text("an older backup")
    for target, told in (("old.tar", "choose another name"), ("missing/new.tar", "make it first")):
        with pytest.raises(ConfigError, match=told):
            await backup(settings, tmp_path / target)
    assert (tmp_path / "old.tar").read_text() == "an older backup"
    with pytest.raises(ConfigError, match="no database to back up"):
        await backup(Settings(data=tmp_path / "elsewhere"), tmp_path / "new.tar")
    (settings.data / "secret.key").unlink()
    with pytest.raises(ConfigError, match=r"secret\.key: missing"):
        await backup(settings, tmp_path / "new.tar")
    assert not (settings.data / "secret.key").exists(), "a backup makes no secret"


async def test_an_empty_database_is_told(tmp_path: Path):
    settings = Settings(data=tmp_path)
    load_secret(tmp_path, None)
    (tmp_path / "transom.db").touch()
    with pytest.raises(ConfigError, match="nothing to back up"):
        await backup(settings, tmp_path / "new.tar")


async def test_a_database_out_of_reach_is_told(settings: Settings, tmp_path: Path):
    away = settings.model_copy(update={"database_url": SecretStr(f"postgresql://x@/x?host={tmp_path}")})
    with pytest.raises(ConfigError, match="can't be reached"):
        await backup(away, tmp_path / "new.tar")
