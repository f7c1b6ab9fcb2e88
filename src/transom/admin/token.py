"""The admin token: the configured one, else one made at first use and kept in the data folder."""

from __future__ import annotations

import secrets

from transom.config import Settings
from transom.secret import create_once


def admin_token(settings: Settings) -> str:
    """The token that opens pages and REST: `settings.admin_token`, else the content of `<data>/admin.token`.

    The file is made (mode 0600, 256 random bits) where it is missing; of several processes that try, one wins.
    """
    if settings.admin_token:
        return settings.admin_token.get_secret_value()
    path = settings.data / "admin.token"
    if not path.exists():
        create_once(path, secrets.token_urlsafe(32).encode())
    return path.read_text().strip()
