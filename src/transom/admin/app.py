"""The admin's application: pages, REST, metrics and health, behind one set of headers."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException

from transom.admin import api, audit, entities, erasure, login, pages, residuals, rules
from transom.admin.access import Access
from transom.admin.context import Admin, AdminParts
from transom.admin.metrics import exposition, read_numbers
from transom.admin.render import STATIC, render
from transom.admin.security import HEADERS, LoopbackNames, SecurityHeaders, is_loopback
from transom.admin.token import admin_token
from transom.config import Settings
from transom.secret import Secret
from transom.store.engine import SchemaError, check_schema

log = structlog.get_logger()

_STORE_ERRORS = (SQLAlchemyError, SchemaError, OSError)
"""What a database that is away, or isn't migrated, raises."""
_RETRY_S = 5

router = APIRouter(include_in_schema=False)


def create_app(settings: Settings, secret: Secret, engine: AsyncEngine, notice: str | None = None) -> FastAPI:
    """The application over a store. `notice` is a line for the head of every page.

    On a loopback address it answers to loopback names only.
    """
    app = FastAPI(title="Transom", version=version("transom"), openapi_url=None)
    app.state.admin = Admin(settings, engine, Access(secret.sessions, admin_token(settings)), secret, notice)
    for part in (
        *(router, login.router, api.router, rules.router, entities.router, residuals.router),
        *(erasure.router, audit.router, pages.router),
    ):
        app.include_router(part)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _handle_errors(app)
    if is_loopback(settings.admin_host):
        app.add_middleware(LoopbackNames)
    app.add_middleware(SecurityHeaders)
    return app


@router.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(admin: AdminParts) -> Response:
    try:
        await check_schema(admin.engine)
    except _STORE_ERRORS as error:
        log.warning("the store is away", error=error)
        return JSONResponse({"status": "the store is away"}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", dependencies=[Depends(login.bearer)])
async def metrics(admin: AdminParts) -> Response:
    async with admin.engine.connect() as conn:
        numbers = await read_numbers(conn, admin.settings)
    return Response(exposition(numbers), headers={"content-type": CONTENT_TYPE_LATEST})


@router.get("/api/v1/openapi.json", dependencies=[Depends(login.bearer)])
async def openapi(request: Request) -> dict[str, Any]:
    description: dict[str, Any] = request.app.openapi()
    return description


def _handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(login.LoginNeeded, login.to_login)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    for error in _STORE_ERRORS:
        app.add_exception_handler(error, _store_away)
    app.add_exception_handler(Exception, _failed)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(("/api/", "/metrics", "/health/", "/static/"))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not _is_page(request):
        return await http_exception_handler(request, error)
    return _error_page(request, error.status_code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not _is_page(request):
        return await request_validation_exception_handler(request, error)
    return _error_page(request, 404, "There is no such page.")


async def _store_away(request: Request, error: Exception) -> Response:
    log.warning("the store is away", error=error)
    detail, headers = "The database is away. The gateway goes on without it.", {"retry-after": str(_RETRY_S)}
    if not _is_page(request):
        return JSONResponse({"detail": detail}, 503, headers)
    return _error_page(request, 503, detail, headers)


async def _failed(request: Request, _error: Exception) -> Response:
    """Starlette calls this outside of our middleware, so it brings the headers itself."""
    detail, headers = "Something went wrong here. The log says where.", {**HEADERS, "cache-control": "no-store"}
    if not _is_page(request):
        return JSONResponse({"detail": detail}, 500, headers)
    return _error_page(request, 500, detail, headers)


def _error_page(request: Request, status: int, detail: str, headers: Any = None) -> Response:
    return render(request, "error.html", {"status": status, "detail": detail}, status, headers)
