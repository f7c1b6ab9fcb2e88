"""Logging in and out, and the two proofs of it: a session cookie for pages, a bearer token for REST."""

from __future__ import annotations

import secrets
from math import ceil
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from transom.admin.access import SESSION_S
from transom.admin.context import Admin, AdminParts
from transom.admin.render import render

SESSION_COOKIE = "transom_session"
LOGIN_COOKIE = "transom_login"
"""Holds the nonce that ties a login form to the browser it was shown to."""
MOST_FORM_BYTES = 8192

router = APIRouter(include_in_schema=False)


class LoginNeeded(Exception):
    """A page was asked for without a session."""


def session(request: Request, admin: AdminParts) -> str:
    """The nonce of the caller's session. Raises LoginNeeded."""
    nonce = admin.access.session(request.cookies.get(SESSION_COOKIE))
    if nonce is None:
        raise LoginNeeded
    request.state.logout_token = admin.access.form_token(nonce)
    return nonce


def bearer(request: Request, admin: AdminParts) -> None:
    """Lets a caller with the admin token pass. Raises HTTPException 401, or 429 after too many wrong ones."""
    client = f"bearer {_address(request)}"
    if wait := admin.access.throttle.wait_s(client):
        raise HTTPException(429, "Too many wrong tokens.", {"retry-after": str(ceil(wait))})
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and admin.access.knows_token(offered.strip()):
        admin.access.throttle.passed(client)
        return
    if offered:
        admin.access.throttle.failed(client)
    raise HTTPException(401, "Send the admin token: Authorization: Bearer <token>.", {"www-authenticate": "Bearer"})


SessionNonce = Annotated[str, Depends(session)]


def to_login(request: Request, _error: Exception) -> Response:
    """Send the browser to the login form, and from there back to where it wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = "" if request.method != "GET" or wanted == "/" else f"?next={quote(wanted)}"
    return RedirectResponse(f"/login{query}", 303)


@router.get("/login")
async def show_login(request: Request, admin: AdminParts, next: str = "/") -> Response:
    if admin.access.session(request.cookies.get(SESSION_COOKIE)):
        return RedirectResponse(_local(next), 303)
    return _login_form(request, admin, next)


@router.post("/login")
async def log_in(request: Request, admin: AdminParts) -> Response:
    form = await _form(request)
    client, wanted = f"form {_address(request)}", form.get("next", "/")
    if not admin.access.form_is_ours(request.cookies.get(LOGIN_COOKIE), form.get("form_token", "")):
        return _login_form(request, admin, wanted, 403, "This form has gone stale. Please try again.")
    if wait := admin.access.throttle.wait_s(client):
        again = f"Too many wrong tokens. Try again in {ceil(wait)} s."
        return _login_form(request, admin, wanted, 429, again, {"retry-after": str(ceil(wait))})
    if not admin.access.knows_token(form.get("token", "").strip()):
        admin.access.throttle.failed(client)
        return _login_form(request, admin, wanted, 401, "That is not the admin token.")
    admin.access.throttle.passed(client)
    response = RedirectResponse(_local(wanted), 303)
    _set_cookie(request, response, SESSION_COOKIE, admin.access.open_session(), SESSION_S)
    response.delete_cookie(LOGIN_COOKIE)
    return response


@router.post("/logout")
async def log_out(request: Request, admin: AdminParts, nonce: SessionNonce) -> Response:
    await own_form(request, admin, nonce)
    admin.access.end_session(nonce)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


async def own_form(request: Request, admin: Admin, nonce: str) -> dict[str, str]:
    """The fields of a form on a page that was shown to the holder of the session. Raises HTTPException 403 for others.

    The form must have a field `form_token` with `logout_token`, as templates call it.
    """
    form = await _form(request)
    if not admin.access.form_is_ours(nonce, form.get("form_token", "")):
        raise HTTPException(403, "This form did not come from a page of ours.")
    return form


def _login_form(
    request: Request,
    admin: Admin,
    wanted: str,
    status: int = 200,
    error: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    nonce = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(18)
    content = {"next": _local(wanted), "error": error, "form_token": admin.access.form_token(nonce)}
    response = render(request, "login.html", content, status, headers)
    _set_cookie(request, response, LOGIN_COOKIE, nonce, 3600)
    return response


def _set_cookie(request: Request, response: Response, name: str, value: str, age_s: int) -> None:
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    response.set_cookie(name, value, max_age=age_s, httponly=True, samesite="strict", secure=scheme == "https")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small URL-encoded form; other bodies are refused, so that none is spooled to a temporary file."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send a URL-encoded form.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise HTTPException(413, "The form is too large.")
    return dict(parse_qsl(body.decode(errors="replace")))


def _local(path: str) -> str:
    """`path` if it stays on this site, else the first page."""
    parts = urlsplit(path)
    stays = path.startswith("/") and not path.startswith("//") and "\\" not in path and not parts.netloc
    return path if stays and path.isprintable() else "/"


def _address(request: Request) -> str:
    return request.client.host if request.client else "local"
