from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from transom.admin.token import admin_token
from transom.config import Settings


def test_a_configured_token_is_taken_and_nothing_is_written(tmp_path: Path):
    assert admin_token(Settings(data=tmp_path, admin_token=SecretStr("mine"))) == "mine"
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_made_once_and_kept_private(tmp_path: Path):
    settings = Settings(data=tmp_path / "data")
    token = admin_token(settings)
    assert len(token) >= 43
    assert admin_token(settings) == token
    file = tmp_path / "data" / "admin.token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["admin.token"]
