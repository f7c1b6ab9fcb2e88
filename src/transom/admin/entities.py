"""All traces of one customer, found and erased by who knows a value of theirs. The value is in no URL and no log."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from transom.admin.api import documented
from transom.admin.context import Admin, AdminParts
from transom.admin.filters import MOST_ROWS, PAGE_ROWS, Text
from transom.admin.login import bearer
from transom.admin.rules import Entity
from transom.admin.schema import Erased, Page, TraceRow
from transom.redact.placeholders import Placeholders
from transom.redact.text import visible
from transom.store import erasure
from transom.store.audit import Entry, subject_of
from transom.store.erasure import Target
from transom.store.read import TraceFilter, list_traces
from transom.types import DEFAULT_PROJECT

ACTOR = "admin token"

router = APIRouter(prefix="/api/v1/entities", dependencies=[Depends(bearer), Depends(documented)])


class Wanted(BaseModel):
    """A value as redaction finds it. Letter case, and of numbers what stands between digits, makes no difference."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    entity: Entity = Field(description="What it was redacted as: PERSON, EMAIL_ADDRESS, PHONE_NUMBER, …")
    value: Annotated[Text, StringConstraints(min_length=1)]
    project_id: Text = DEFAULT_PROJECT


class Lookup(Wanted):
    """A value, and which page of its traces."""

    cursor: Text | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(PAGE_ROWS, ge=1, le=MOST_ROWS)


class Erasure(Wanted):
    """A value whose traces are to be erased."""

    confirm: Literal[True] = Field(description="That it can't be undone.")


@router.post("/lookup", response_model=Page[TraceRow])
async def lookup(admin: AdminParts, wanted: Lookup) -> dict[str, Any]:
    """The traces whose content held a value, the newest first: those recorded while `redaction.index` was on."""
    filter = TraceFilter(project_id=wanted.project_id, entity_hash=_hash(admin, wanted))
    async with admin.engine.connect() as conn:
        page = await list_traces(conn, filter, wanted.cursor, wanted.limit)
    return {"data": page.rows, "next_cursor": page.next_cursor}


@router.post("/erase", response_model=Erased)
async def erase(admin: AdminParts, wanted: Erasure) -> dict[str, int]:
    """Erase the traces so far whose content held a value. What retention has moved to the archive isn't indexed."""
    target = Target(before=time.time_ns(), project_id=wanted.project_id, entity_hash=_hash(admin, wanted))
    subject = subject_of(admin.secret, wanted.project_id, wanted.value)
    entry = Entry(actor=ACTOR, action="erase_entity", project_id=wanted.project_id, subject=subject)
    return {"traces": await erasure.erase(admin.engine, target, entry, admin.secret)}


def _hash(admin: Admin, wanted: Wanted) -> bytes:
    placeholders = Placeholders(admin.secret.placeholders(wanted.project_id))
    return placeholders.hash(wanted.entity, visible(wanted.value))
