"""The spool's key: configured, kept in memory, or handed down; never readable by others."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from transom.config import ConfigError, Settings
from transom.spool import keys


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(keys, "_memory_folders", lambda: [folder])
    return folder


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_memory_folders", list)


def test_a_configured_key_wins(memory: Path):
    first = keys.find_key(Settings(spool_key=SecretStr("one")))
    assert first == keys.find_key(Settings(spool_key=SecretStr("one")))
    assert first != keys.find_key(Settings(spool_key=SecretStr("two")))
    assert not list(memory.iterdir())


def test_a_key_in_memory_is_made_once_per_data_folder(memory: Path):
    here = keys.find_key(Settings(data=Path("a")))
    assert keys.find_key(Settings(data=Path("a"))) == here
    assert keys.find_key(Settings(data=Path("b"))) != here
    assert {path.stat().st_mode & 0o777 for path in memory.iterdir()} == {0o600}


def test_a_key_that_others_could_read_is_no_key(memory: Path):
    keys.find_key(Settings())
    next(memory.iterdir()).chmod(0o644)
    with pytest.raises(ConfigError, match="TRANSOM_SPOOL_KEY"):
        keys.find_key(Settings())


@pytest.mark.usefixtures("no_memory")
def test_without_memory_a_process_alone_says_what_to_set():
    with pytest.raises(ConfigError, match="TRANSOM_SPOOL_KEY"):
        keys.find_key(Settings())


@pytest.mark.usefixtures("no_memory")
def test_without_memory_the_supervisor_hands_a_key_down(monkeypatch: pytest.MonkeyPatch):
    key, outlives = keys.find_or_make_key(Settings())
    assert not outlives
    monkeypatch.setenv(keys.FD_VARIABLE, str(keys.key_pipe(key)))
    assert keys.find_key(Settings()) == key
    assert keys.FD_VARIABLE not in os.environ, "grandchildren must not look for a pipe that is read"


def test_a_disk_is_not_memory(tmp_path: Path):
    assert not keys._on_tmpfs(Path("/usr"))


def test_a_key_is_forgotten_when_nothing_is_left_to_open(memory: Path, tmp_path: Path):
    settings = Settings(data=tmp_path / "data")
    keys.find_key(settings)
    (settings.spool_dir / "writer").mkdir(parents=True)
    keys.forget_key(settings)
    assert list(memory.iterdir())
    (settings.spool_dir / "writer").rmdir()
    keys.forget_key(settings)
    assert not list(memory.iterdir())


def test_the_key_before_opens_too_while_a_new_one_takes_over():
    before = keys.find_key(Settings(spool_key=SecretStr("one")))
    now = Settings(spool_key=SecretStr("two"), spool_key_previous=SecretStr("one"))
    assert keys.find_keys(now) == [keys.find_key(now), before]
    assert keys.find_keys(Settings(spool_key=SecretStr("two"))) == [keys.find_key(now)]
