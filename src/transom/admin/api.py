"""The REST under `/api/v1`. Every call needs `Authorization: Bearer <admin token>`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.security import HTTPBearer

from transom.admin.context import AdminParts
from transom.admin.filters import MOST_ROWS, PAGE_ROWS, Text, TraceListQuery
from transom.admin.login import bearer
from transom.admin.present import nanoseconds
from transom.admin.schema import Completeness, Feedback, Page, Proof, Session, Stats, Trace, TraceRow
from transom.store.completeness import completeness
from transom.store.proofs import list_proofs
from transom.store.read import Page as StoredPage
from transom.store.read import get_trace, list_feedback, list_traces
from transom.store.sessions import list_sessions
from transom.store.stats import stats

_DAY_NS = 24 * 3600 * 10**9

# Declares the scheme in OpenAPI; `bearer` does the checking.
documented = HTTPBearer(auto_error=False, description="The admin token.")

router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer), Depends(documented)])

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]
Cursor = Annotated[Text | None, Query(description="`next_cursor` of the page before.")]
ProofCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")]
FeedbackCursor = Annotated[str | None, Query(pattern=r"^[0-8]?[0-9]{1,18}\.[^\x00]{1,200}$")]


@router.get("/traces", response_model=Page[TraceRow])
async def traces(admin: AdminParts, query: Annotated[TraceListQuery, Query()]) -> dict[str, Any]:
    """Traces, the newest first."""
    async with admin.engine.connect() as conn:
        return _page(await list_traces(conn, query.filter(), query.cursor, query.limit))


@router.get("/traces/{trace_id}", response_model=Trace)
async def trace(admin: AdminParts, trace_id: Annotated[Text, Path()]) -> dict[str, Any]:
    """One trace with its messages."""
    async with admin.engine.connect() as conn:
        found = await get_trace(conn, trace_id)
    if found is None:
        raise HTTPException(404, "There is no such trace.")
    return found


@router.get("/sessions", response_model=Page[Session])
async def sessions(admin: AdminParts, cursor: Cursor = None, limit: Limit = PAGE_ROWS) -> dict[str, Any]:
    """Sessions, that with the newest trace first."""
    async with admin.engine.connect() as conn:
        return _page(await list_sessions(conn, cursor, limit))


@router.get("/feedback", response_model=Page[Feedback])
async def feedback(
    admin: AdminParts,
    cursor: FeedbackCursor = None,
    limit: Limit = PAGE_ROWS,
    name: Text | None = None,
    status: Literal["linked", "pending"] | None = None,
) -> dict[str, Any]:
    """Feedback, the newest first; `pending` waits for its trace."""
    async with admin.engine.connect() as conn:
        return _page(await list_feedback(conn, cursor, limit, name, status))


@router.get("/stats", response_model=Stats)
async def numbers(admin: AdminParts, since: datetime | None = None, until: datetime | None = None) -> dict[str, Any]:
    """Sums over a time, the last 24 hours unless said otherwise. Minutes for up to six hours of the last week."""
    end = nanoseconds(until) if until else time.time_ns()
    begin = nanoseconds(since) if since else end - _DAY_NS
    if not 0 <= begin < end < 2**63:
        raise HTTPException(422, "`since` must come before `until`, both after 1970.")
    async with admin.engine.connect() as conn:
        return await stats(conn, begin, end)


@router.get("/completeness", response_model=Completeness)
async def where_all_went(admin: AdminParts, days: Annotated[int, Query(ge=0, le=3660)] = 30) -> dict[str, Any]:
    """Where every exchange begun has gone, in all and on each of the newest days."""
    async with admin.engine.connect() as conn:
        return await completeness(conn, days)


@router.get("/proofs", response_model=Page[Proof])
async def proofs(admin: AdminParts, cursor: ProofCursor = None, limit: Limit = PAGE_ROWS) -> dict[str, Any]:
    """Proofs that nothing raw is kept, the newest first."""
    async with admin.engine.connect() as conn:
        return _page(await list_proofs(conn, cursor, limit))


def _page(page: StoredPage) -> dict[str, Any]:
    return {"data": page.rows, "next_cursor": page.next_cursor}
