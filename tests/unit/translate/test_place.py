"""Where the translator listens: this user's alone, and never a path that is too long for a socket."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from transom.config import ConfigError, Settings
from transom.translate.place import listen, translator_socket


def connected(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_it_is_in_the_data_folder():
    assert translator_socket(Settings(data=Path("/data"))) == Path("/data/translator.sock")


def test_a_long_path_is_replaced_by_a_private_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one, other = (translator_socket(Settings(data=Path(f"/{'d' * 100}/{name}"))) for name in "ab")
    assert one.parent.parent == other.parent.parent == tmp_path
    assert one != other
    assert stat.S_IMODE(one.parent.stat().st_mode) == 0o700
    assert one == translator_socket(Settings(data=Path(f"/{'d' * 100}/a")))


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(data=Path(f"/{'d' * 120}"))
    translator_socket(settings).parent.chmod(0o755)
    with pytest.raises(ConfigError, match="choose a shorter one"):
        translator_socket(settings)


def test_a_link_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(data=Path(f"/{'d' * 120}"))
    folder = translator_socket(settings).parent
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(ConfigError):
        translator_socket(settings)


def test_only_this_user_can_connect(tmp_path: Path):
    with listen(tmp_path / "translator.sock"):
        assert stat.S_IMODE((tmp_path / "translator.sock").stat().st_mode) == 0o600
        assert connected(tmp_path / "translator.sock")


def test_a_new_socket_takes_the_place_of_an_old_one(tmp_path: Path):
    path = tmp_path / "translator.sock"
    with listen(path) as old, listen(path) as new:
        old.close()
        assert connected(path)
        assert [one.name for one in tmp_path.iterdir()] == ["translator.sock"]
        assert new.accept()[0].close() is None
