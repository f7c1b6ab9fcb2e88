"""Erasing over REST: a trace, a session, a user, or what filters choose. Needs the admin token, as all REST does."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from transom.admin.api import documented
from transom.admin.context import Admin, AdminParts
from transom.admin.filters import Text
from transom.admin.login import bearer
from transom.admin.present import nanoseconds
from transom.admin.schema import Erased
from transom.redact.stored_ids import SharedId, stored_ids
from transom.store import erasure
from transom.store.audit import Entry, subject_of
from transom.store.erasure import Target
from transom.store.rows import fit_id
from transom.store.rules import read_rules
from transom.types import DEFAULT_PROJECT

ACTOR = "admin token"

_PLAIN = ("model", "provider", "route", "operation", "outcome", "app")
_IDS = ("session_id", "user_id")

router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer), Depends(documented)])

Project = Annotated[Text, Query(description="The project that it belongs to.")]


class ErasureQuery(BaseModel):
    """What a trace must have to be erased. A parameter that is unknown is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    project_id: Text = DEFAULT_PROJECT
    model: Text | None = Field(None, description="The model that was asked for.")
    provider: Text | None = None
    route: Text | None = None
    operation: Text | None = None
    status: Literal["ok", "error"] | None = None
    outcome: Literal["stored", "metadata_only"] | None = None
    session_id: Text | None = None
    user_id: Text | None = None
    app: Text | None = None
    since: datetime | None = Field(None, description="From this time on. UTC if it names no zone.")
    until: datetime | None = Field(None, description="Before this time. UTC if it names no zone.")

    def given(self) -> list[str]:
        """The names of the filters in use."""
        return sorted(self.model_fields_set - {"project_id"} & set(self.model_dump(exclude_none=True)))


@router.delete("/traces/{trace_id}", response_model=Erased)
async def erase_trace(admin: AdminParts, trace_id: Annotated[Text, Path()]) -> dict[str, int]:
    """Erase one trace, now or when it arrives."""
    target = Target(before=time.time_ns(), one_of={"id": [trace_id]})
    subject = subject_of(admin.secret, DEFAULT_PROJECT, trace_id)
    return await _erase(admin, target, Entry(actor=ACTOR, action="erase_trace", subject=subject))


@router.delete("/sessions/{session_id:path}", response_model=Erased)
async def erase_session(
    admin: AdminParts,
    session_id: Annotated[Text, Path()],
    key_id: Text | None = None,
    project_id: Project = DEFAULT_PROJECT,
) -> dict[str, int]:
    """Erase the traces of a session so far, and what was said of it. `key_id`: only that caller's session."""
    one_of = {"session_id": await _stored(admin, project_id, session_id), **({"key_id": [key_id]} if key_id else {})}
    return await _erase_named(admin, "erase_session", project_id, session_id, one_of)


@router.delete("/users/{user_id:path}", response_model=Erased)
async def erase_user(
    admin: AdminParts, user_id: Annotated[Text, Path()], project_id: Project = DEFAULT_PROJECT
) -> dict[str, int]:
    """Erase the traces of a user so far, and all feedback by them. The id is the one that apps send."""
    one_of = {"user_id": await _stored(admin, project_id, user_id)}
    return await _erase_named(admin, "erase_user", project_id, user_id, one_of)


@router.delete("/traces", response_model=Erased)
async def erase_traces(admin: AdminParts, query: Annotated[ErasureQuery, Query()]) -> dict[str, int]:
    """Erase the traces so far that have all of this; at least one filter must be given."""
    given = query.given()
    if not given:
        raise HTTPException(422, "Give at least one filter, such as `until`: this would erase all there is.")
    one_of = {name: _fit([getattr(query, name)]) for name in _PLAIN if name in given}
    one_of |= {name: await _stored(admin, query.project_id, getattr(query, name)) for name in _IDS if name in given}
    target = Target(
        before=_before(query.until),
        since=max(0, nanoseconds(query.since)) if query.since else 0,
        project_id=query.project_id,
        failed=None if query.status is None else query.status == "error",
        one_of=one_of,
    )
    entry = Entry(actor=ACTOR, action="erase_traces", project_id=query.project_id, detail={"filters": given})
    return await _erase(admin, target, entry)


def _before(until: datetime | None) -> int:
    """What begins from now on stays."""
    now = time.time_ns()
    return now if until is None else min(now, nanoseconds(until))


async def _erase_named(
    admin: Admin, action: str, project_id: str, named: str, one_of: dict[str, list[str]]
) -> dict[str, int]:
    target = Target(before=time.time_ns(), project_id=project_id, one_of=one_of)
    subject = subject_of(admin.secret, project_id, named)
    return await _erase(admin, target, Entry(actor=ACTOR, action=action, project_id=project_id, subject=subject))


async def _erase(admin: Admin, target: Target, entry: Entry) -> dict[str, int]:
    return {"traces": await erasure.erase(admin.engine, target, entry, admin.secret)}


async def _stored(admin: Admin, project_id: str, id: str) -> list[str]:
    """The forms in which the id may be stored. Raises HTTPException 422 where it shares them with others."""
    async with admin.engine.connect() as conn:
        rules = await read_rules(conn, project_id)
    try:
        return _fit(stored_ids(admin.settings.redaction, admin.secret, project_id, id, rules))
    except SharedId as shared:
        raise HTTPException(
            422,
            f"With `redaction.placeholders: plain` this id is stored as {shared}, as all ids like it are. "
            "Erase its traces or sessions one by one.",
        ) from None


def _fit(values: list[str]) -> list[Any]:
    return [fit_id(value) for value in values]
