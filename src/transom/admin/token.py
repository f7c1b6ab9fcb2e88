"""The admin token: the configured one, else one made at first use and kept in the data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from transom.config import Settings


def admin_token(settings: Settings) -> str:
    """The token that opens pages and REST: `settings.admin_token`, else the content of `<data>/admin.token`.

    The file is made (mode 0600, 256 random bits) where it is missing; of several processes that try, one wins.
    """
    if settings.admin_token:
        return settings.admin_token.get_secret_value()
    path = settings.data / "admin.token"
    if not path.exists():
        _create_once(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def _create_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{text}\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
