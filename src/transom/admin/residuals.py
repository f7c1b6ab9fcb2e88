"""What redaction misses, estimated and judged: over REST and as a page."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from transom.admin.api import Limit, ProofCursor, documented
from transom.admin.context import Admin, AdminParts
from transom.admin.filters import PAGE_ROWS, Text
from transom.admin.login import SessionNonce, bearer, own_form
from transom.admin.present import nanoseconds
from transom.admin.render import render
from transom.admin.rules import ACTOR, teach_missed
from transom.admin.schema import Page, ResidualMiss, Residuals
from transom.config import ConfigError, Redaction
from transom.redact.kinds import kinds_of
from transom.redact.profiles import load_profile
from transom.redact.sample import STRICT
from transom.store import audit
from transom.store.dialect import writing
from transom.store.residuals import Verdict, estimate, get_miss, judge, list_misses
from transom.store.unchecked import count_unchecked
from transom.types import DAY_NS

SHOWN_NS = 30 * DAY_NS
"""What the page looks back on: a rule or profile changed before then would show too long."""

_REST = [Depends(bearer), Depends(documented)]
_PATH = "/api/v1/redaction/residuals"

router = APIRouter()

Number = Annotated[int, Path(ge=1, lt=2**63)]


class Judgement(BaseModel):
    """What a reviewer says of a suspected miss."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    teach: bool = Field(False, description="With `missed`: also make a rule of the value, as if it were posted there.")


@router.get(_PATH, response_model=Residuals, dependencies=_REST)
async def residuals(
    admin: AdminParts, since: datetime | None = None, project_id: Text | None = None, profile: Text | None = None
) -> dict[str, Any]:
    """How many of 1,000 messages hold something that redaction missed, by kind and language."""
    return await _estimate(admin, nanoseconds(since) if since else None, project_id, profile)


async def _estimate(admin: Admin, since: int | None, *chosen: str | None) -> dict[str, Any]:
    async with admin.engine.connect() as conn:
        found = await estimate(conn, since, *chosen)
        return {**found, "share": admin.settings.redaction.sample, "names_unchecked": await count_unchecked(conn)}


@router.get(f"{_PATH}/misses", response_model=Page[ResidualMiss], dependencies=_REST)
async def misses(
    admin: AdminParts,
    verdict: Literal["open", "missed", "fine"] = "open",
    cursor: ProofCursor = None,
    limit: Limit = PAGE_ROWS,
) -> dict[str, Any]:
    """Suspected misses, the newest first. Open ones are shown as long as their text can be read."""
    async with admin.engine.connect() as conn:
        page = await list_misses(conn, None if verdict == "open" else verdict, cursor, limit)
    return {"data": page.rows, "next_cursor": page.next_cursor}


@router.post(f"{_PATH}/misses/{{number}}", response_model=ResidualMiss, dependencies=_REST)
async def judge_miss(admin: AdminParts, number: Number, said: Judgement) -> dict[str, Any]:
    """Say whether something was missed, or is fine to keep. The last word counts."""
    return await _judge(admin, number, said)


async def _judge(admin: Admin, number: int, said: Judgement) -> dict[str, Any]:
    """Note it, with a line in the audit log. Raises HTTPException 404, and for what can't be taught 409 or 422."""
    async with admin.engine.connect() as conn:
        miss = await get_miss(conn, number)
    if miss is None:
        raise HTTPException(404, "There is no such suspected miss. Its trace may have expired.")
    if said.teach:
        await _teach(admin, miss, said.verdict)
    async with writing(admin.engine) as conn:
        await judge(conn, number, said.verdict, ACTOR)
        detail = {"miss": number, "verdict": said.verdict}
        entry = audit.Entry(actor=ACTOR, action="judge_residual", project_id=miss["project_id"], detail=detail)
        await audit.note(conn, entry)
        return await get_miss(conn, number) or miss


async def _teach(admin: Admin, miss: dict[str, Any], verdict: Verdict) -> None:
    if verdict != "missed":
        raise HTTPException(422, "Only what was missed can be taught.")
    if miss["text"] is None:
        raise HTTPException(409, "Its text has changed or gone, so nothing can be taught from it.")
    await teach_missed(admin, miss["project_id"], miss["entity"], miss["text"])


@router.get("/redaction", include_in_schema=False)
async def redaction_page(request: Request, admin: AdminParts, _: SessionNonce, cursor: ProofCursor = None) -> Response:
    found = await _estimate(admin, time.time_ns() - SHOWN_NS)
    async with admin.engine.connect() as conn:
        page = await list_misses(conn, None, cursor, PAGE_ROWS)
    content = {"found": found, "page": page, "cursor": cursor, "profiles": profiles(admin.settings.redaction)}
    return render(request, "redaction.html", content)


@router.post("/redaction/misses/{number}", include_in_schema=False)
async def judge_on_page(request: Request, admin: AdminParts, number: Number, nonce: SessionNonce) -> Response:
    said = (await own_form(request, admin, nonce)).get("verdict")
    if said not in _BUTTONS:
        raise HTTPException(422, "Say whether it was missed.")
    await _judge(admin, number, _BUTTONS[said])
    return RedirectResponse("/redaction#misses", 303)


_BUTTONS = {
    "redact": Judgement(verdict="missed", teach=True),
    "missed": Judgement(verdict="missed"),
    "fine": Judgement(verdict="fine"),
}


def profiles(redaction: Redaction) -> list[dict[str, Any]]:
    """The profiles in use: `name`, `setting`, `problem`, and what they don't look for that `strict` does.

    `by_cue` says that there is no model, so that names and places are found by words around them, or not at all.
    """
    return [{"name": name, "setting": setting, **_limits(redaction, name)} for name, setting in _used(redaction)]


def _used(redaction: Redaction) -> list[tuple[str, str]]:
    return sorted(redaction.profiles.items(), key=lambda item: (item[0] != redaction.profile, item[0]))


def _limits(redaction: Redaction, name: str) -> dict[str, Any]:
    chosen, strict = (redaction.model_copy(update={"profile": each}) for each in (name, STRICT))
    try:
        by_cue = load_profile(chosen).model == "none"
        kinds = kinds_of(chosen)
    except ConfigError as error:
        return {"problem": str(error), "without": [], "by_cue": False}
    return {"problem": None, "without": sorted(_kinds_or_none(strict) - kinds), "by_cue": by_cue}


def _kinds_or_none(strict: Redaction) -> set[str]:
    """Another file may have no such profile."""
    try:
        return kinds_of(strict)
    except ConfigError:
        return set()
