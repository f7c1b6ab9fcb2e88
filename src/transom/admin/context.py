"""What every request handler needs, given to it by FastAPI's dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.admin.access import Access
from transom.config import Settings
from transom.secret import Secret


@dataclass(frozen=True)
class Admin:
    """The parts of a running admin process. `notice` is a line shown on every page."""

    settings: Settings
    engine: AsyncEngine
    access: Access
    secret: Secret
    notice: str | None = None


def _admin(request: Request) -> Admin:
    admin: Admin = request.app.state.admin
    return admin


AdminParts = Annotated[Admin, Depends(_admin)]
