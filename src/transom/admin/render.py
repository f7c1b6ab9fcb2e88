"""Renders templates: everything escaped, unknown names are errors, static files by the digest of their content."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from transom.admin import present
from transom.admin.marks import PREVIEW, kind

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for good."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(present.FILTERS, preview=PREVIEW.show, kind=kind, query=urlencode, pairs=_pairs)
    environment.globals.update(asset=asset)
    return environment


def _pairs(values: list[str]) -> list[tuple[str, str]]:
    """Options of a menu that show what they stand for."""
    return [(value, value) for value in values]


_environment_of_pages = _environment()


def render(
    request: Request,
    template: str,
    content: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page. A caller with a session (`request.state.logout_token`) sees the navigation, everybody the notice."""
    frame = {
        "path": request.url.path,
        "notice": request.app.state.admin.notice,
        "logout_token": getattr(request.state, "logout_token", None),
    }
    html = _environment_of_pages.get_template(template).render({**frame, **content})
    return HTMLResponse(html, status, headers)
