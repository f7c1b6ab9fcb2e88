"""Each check says what is well, or what to do; none shows a secret."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from tests.running import free_port
from transom import doctor
from transom.config import Redaction, Settings, Spool
from transom.doctor import Check, examine, shown, shown_proof
from transom.store.engine import connect, migrate
from transom.store.proofs import Found, Proof, keep_proof


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir(mode=0o700)
    it = Settings(
        data=tmp_path / "data",
        port=free_port(),
        admin_port=free_port(),
        redaction=Redaction(profile="fast"),
        spool_key=SecretStr("a-spool-key"),
    )
    await migrate(it.database)
    return it


async def check(name: str, settings: Settings) -> Check:
    return next(check for check in await examine(settings) if check.name == name)


async def keep(settings: Settings, proof: Proof) -> None:
    engine = connect(settings.database)
    async with engine.begin() as conn:
        await keep_proof(conn, proof)
    await engine.dispose()


def text_of(shown: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_what_is_well_and_what_is_not_running(settings: Settings):
    checks = {one.name: one for one in await examine(settings)}
    well = {"data folder", "spool folder", "spool key", "disk", "redaction", "database", "recorder", "proof"}
    assert {name for name, one in checks.items() if one.ok} == well
    assert checks["gateway"].says.endswith("start it")
    assert "a-spool-key" not in text_of(shown(list(checks.values())))


async def test_files_that_others_may_read(settings: Settings):
    (settings.data / "transom.db").chmod(0o644)
    found = await check("data folder", settings)
    assert not found.ok
    assert f"others may read {settings.data / 'transom.db'}: chmod -R go= " in found.says


async def test_a_spool_key_on_the_spool_s_disk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings.spool_dir.mkdir()
    (tmp_path / "spool.key").write_text("key")
    monkeypatch.setenv("TRANSOM_SPOOL_KEY_FILE", str(tmp_path / "spool.key"))
    found = await check("spool key", settings)
    assert (found.ok, "on the spool's disk" in found.says) == (False, True)


@pytest.mark.parametrize(("kept", "says"), [(True, "tmpfs"), (False, "holds one in memory")])
async def test_where_the_spool_key_is(settings: Settings, monkeypatch: pytest.MonkeyPatch, kept: bool, says: str):
    monkeypatch.setattr(doctor, "key_outlives_us", lambda _: kept)
    assert says in (await check("spool key", settings.model_copy(update={"spool_key": None}))).says


async def test_a_disk_that_is_too_small(settings: Settings):
    huge = settings.model_copy(update={"spool": Spool(max_bytes=2**60)})
    found = await check("disk", huge)
    assert (found.ok, "lower spool.max_bytes" in found.says) == (False, True)


async def test_an_empty_database(settings: Settings):
    (settings.data / "transom.db").unlink()
    found = await check("database", settings)
    assert (found.ok, found.says) == (False, "the database is empty: run `transom migrate`")


async def test_a_database_that_is_away_shows_no_password(settings: Settings):
    url = SecretStr(f"postgresql://user:hidden@127.0.0.1:{free_port()}/db")
    found = await check("database", settings.model_copy(update={"database_url": url}))
    assert (found.ok, "hidden" in found.says) == (False, False)


async def test_an_unknown_profile(settings: Settings):
    wrong = settings.model_copy(update={"redaction": Redaction(profile="nope")})
    assert "no `nope`" in (await check("redaction", wrong)).says


PROOF = Proof(at=10**18, profile="logs", kinds=["PERSON"], places={"transom.db": 2048}, found=[])


async def test_the_last_proof_is_old(settings: Settings):
    await keep(settings, PROOF)
    found = await check("proof", settings)
    assert (found.ok, "2.0 KB searched: see that the worker runs" in found.says) == (False, True)


async def test_the_last_proof_failed_or_holds(settings: Settings):
    now = doctor.time.time_ns()
    await keep(settings, Proof(at=now, profile="logs", kinds=["PERSON"], places={}, found=[Found("PERSON", "spool")]))
    assert not (await check("proof", settings)).ok
    await keep(settings, Proof(at=now, profile="logs", kinds=["PERSON"], places={}, found=[]))
    assert (await check("proof", settings)).says.startswith("holds")


def test_a_proof_is_shown_with_its_places():
    text = text_of(shown_proof(PROOF))
    assert "transom.db" in text
    assert "The proof holds: 1 kinds of personal data (profile logs), 2.0 KB searched, nothing found." in text


def test_a_proof_that_failed_names_kind_and_place():
    failed = Proof(at=1, profile="logs", kinds=["PERSON"], places={"spool": 1}, found=[Found("PERSON", "spool")])
    assert "The proof failed" in text_of(shown_proof(failed))
    assert "PERSON" in text_of(shown_proof(failed))
