"""The pages, rendered on the server and whole without JavaScript."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.admin import chat
from transom.admin.context import AdminParts
from transom.admin.filters import LONGEST_TRAIL, Text, TracePageQuery, read_page_query
from transom.admin.login import SessionNonce
from transom.admin.marks import Marks
from transom.admin.present import iso, share
from transom.admin.render import render
from transom.config import Settings, local_url
from transom.store.completeness import completeness
from transom.store.proofs import list_proofs
from transom.store.read import Page, filter_values, get_trace, list_traces
from transom.store.sessions import get_session, list_sessions
from transom.store.stats import stats

_DAYS_SHOWN = 30
_PROOFS_SHOWN = 30
_DAY_NS = 24 * 3600 * 10**9

router = APIRouter(include_in_schema=False)


@router.get("/")
async def trace_list(request: Request, admin: AdminParts, _: SessionNonce) -> Response:
    query, wrong = read_page_query(request.query_params)
    async with admin.engine.connect() as conn:
        page = await list_traces(conn, query.filter(), query.cursor)
        content = {
            "page": page,
            "chosen": query.chosen(),
            "wrong": wrong,
            "base_url": base_url(admin.settings),
            "values": await filter_values(conn),
            "last_day": await _last_day(conn),
            **links(query, page),
        }
    return render(request, "traces.html", content)


async def _last_day(conn: AsyncConnection) -> dict[str, Any]:
    now = time.time_ns()
    return await stats(conn, now - _DAY_NS, now)


def links(query: TracePageQuery, page: Page) -> dict[str, str | None]:
    """Addresses of the neighbouring pages. Going back is by the cursors that led here, kept in the address."""
    chosen, here = query.chosen(), query.cursor
    older = newer = None
    if page.next_cursor:
        trail = [*query.trail, here or ""][-LONGEST_TRAIL:]
        older = _address({**chosen, "cursor": page.next_cursor, "trail": trail})
    if here:
        *trail, last = query.trail or [""]
        newer = _address({**chosen, "cursor": last, "trail": trail})
    return {"older": older, "newer": newer}


def _address(query: dict[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value not in ("", [])}
    return f"/?{urlencode(given, doseq=True)}" if given else "/"


@router.get("/traces/{trace_id}")
async def trace(request: Request, admin: AdminParts, trace_id: Annotated[Text, Path()], _: SessionNonce) -> Response:
    async with admin.engine.connect() as conn:
        found = await get_trace(conn, trace_id)
    if found is None:
        raise HTTPException(404, "There is no such trace. It may have expired, or still be on its way.")
    marks = Marks.of(found["remarks"])
    content = {
        "trace": found,
        "inputs": chat.turns(found["input_messages"], marks),
        "outputs": chat.turns(found["output_messages"], marks),
        "tools": chat.tools(found["tools"], marks),
        "marks": marks,
        "redactions": _redactions(found["remarks"]),
        "raw": chat.as_json({**found, "started_at": iso(found["started_at"])}),
        "as_json": chat.as_json,
    }
    return render(request, "trace.html", content)


def _redactions(remarks: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """How many redactions of each kind, the most frequent first."""
    counts: dict[str, int] = {}
    for remark in remarks:
        counts[remark["entity"]] = counts.get(remark["entity"], 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


@router.get("/sessions")
async def session_list(request: Request, admin: AdminParts, _: SessionNonce, cursor: Text | None = None) -> Response:
    async with admin.engine.connect() as conn:
        page = await list_sessions(conn, cursor)
    return render(request, "sessions.html", {"page": page, "cursor": cursor})


@router.get("/sessions/{session_id:path}")
async def session_page(
    request: Request,
    admin: AdminParts,
    session_id: Annotated[Text, Path()],
    _: SessionNonce,
    key_id: Annotated[Text | None, Query()] = None,
) -> Response:
    async with admin.engine.connect() as conn:
        found = await get_session(conn, session_id, key_id)
    if found is None:
        raise HTTPException(404, "There is no such session. Its traces may have expired.")
    content = {"session": found, "turns": chat.turns(found["messages"], Marks())}
    return render(request, "session.html", content)


@router.get("/completeness")
async def completeness_page(request: Request, admin: AdminParts, _: SessionNonce) -> Response:
    async with admin.engine.connect() as conn:
        went = await completeness(conn, _DAYS_SHOWN)
    return render(request, "completeness.html", {"went": went, "reasons": list(_reasons(went))})


@router.get("/proofs")
async def proofs_page(request: Request, admin: AdminParts, _: SessionNonce) -> Response:
    async with admin.engine.connect() as conn:
        proofs = (await list_proofs(conn, limit=_PROOFS_SHOWN)).rows
    return render(request, "proofs.html", {"proofs": proofs, "last": proofs[0] if proofs else None})


def _reasons(went: dict[str, Any]) -> Iterator[tuple[str, str, int, str]]:
    """(outcome, reason, count, share of all) of what was not stored whole, the most frequent first."""
    for name, number in sorted(went["reasons"].items(), key=lambda item: (-item[1], item[0])):
        outcome, _, reason = name.partition(":")
        if reason:
            yield outcome, reason.strip(), number, share(number, went["begun"])


def base_url(settings: Settings) -> str:
    """What an app on this machine sets as OPENAI_BASE_URL."""
    return f"{local_url(settings.host, settings.port)}/v1"
