"""The audit log, over REST and as a page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from transom.admin.api import Limit, documented
from transom.admin.context import AdminParts
from transom.admin.filters import PAGE_ROWS, Text
from transom.admin.login import SessionNonce, bearer
from transom.admin.render import render
from transom.admin.schema import AuditEntry, Page
from transom.store.audit import list_audit, subject_of
from transom.types import DEFAULT_PROJECT

router = APIRouter()

Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")]
Id = Annotated[Text | None, Query(description="Only what was done to this user, session or trace.")]


@router.get("/api/v1/audit", response_model=Page[AuditEntry], dependencies=[Depends(bearer), Depends(documented)])
async def audit(
    admin: AdminParts,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS,
    id: Id = None,
    project_id: Text = DEFAULT_PROJECT,
) -> dict[str, Any]:
    """What was done to the records, the newest first. The log names nobody, but knows an id when it is asked for it."""
    subject = None if id is None else subject_of(admin.secret, project_id, id)
    async with admin.engine.connect() as conn:
        page = await list_audit(conn, cursor, limit, subject)
    return {"data": page.rows, "next_cursor": page.next_cursor}


@router.get("/audit", include_in_schema=False)
async def audit_page(request: Request, admin: AdminParts, _: SessionNonce, cursor: Cursor = None) -> Response:
    async with admin.engine.connect() as conn:
        page = await list_audit(conn, cursor)
    return render(request, "audit.html", {"page": page, "cursor": cursor})
