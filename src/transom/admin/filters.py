"""What may be asked of the trace list, over REST and in the pages' form alike."""

from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import QueryParams

from transom.admin.present import nanoseconds
from transom.store.read import TraceFilter

PAGE_ROWS = 50
MOST_ROWS = 200
LONGEST_TRAIL = 20
"""Pages that "newer" can go back through; before that, the newest one."""

_LATEST = 2**63 - 1
_HOUR_NS = 3600 * 10**9
RANGES = {"hour": _HOUR_NS, "day": 24 * _HOUR_NS, "week": 7 * 24 * _HOUR_NS, "month": 30 * 24 * _HOUR_NS}

Text = Annotated[str, StringConstraints(max_length=512, pattern=r"^[^\x00]*$")]
"""A string that any database takes as a parameter."""


class TraceQuery(BaseModel):
    """Filters; all given ones must hold. A parameter that is unknown is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    q: Text | None = Field(None, description="Words, all of which a message holds.")
    project_id: Text | None = Field(None, description="All but `_transom`, Transom's own traffic, unless given.")
    model: Text | None = Field(None, description="The model that was asked for.")
    provider: Text | None = None
    route: Text | None = None
    operation: Text | None = None
    status: Literal["ok", "error"] | None = None
    outcome: Literal["stored", "metadata_only"] | None = None
    session_id: Text | None = None
    user_id: Text | None = None
    app: Text | None = None
    tag: Text | None = None
    min_cost_usd: Annotated[Decimal, Field(ge=0, lt=1_000_000)] | None = None
    feedback: Literal["up", "down"] | None = None
    since: datetime | None = Field(None, description="From this time on. UTC if it names no zone.")
    until: datetime | None = Field(None, description="Before this time. UTC if it names no zone.")

    def filter(self) -> TraceFilter:
        """As the store takes it."""
        chosen = self.model_dump(include=set(TraceQuery.model_fields), exclude={"since", "until"})
        return TraceFilter(**chosen, since=_bound(self.since), until=_bound(self.until))


def _bound(at: datetime | None) -> int | None:
    return None if at is None else max(0, min(nanoseconds(at), _LATEST))


class TraceListQuery(TraceQuery):
    """Filters, and which page of the list."""

    cursor: Text | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(PAGE_ROWS, ge=1, le=MOST_ROWS)


class TracePageQuery(TraceQuery):
    """The form of the trace list: filters, a time range, and the cursors of the pages that led here."""

    range: Literal["hour", "day", "week", "month"] | None = None
    cursor: Text | None = None
    trail: list[Text] = Field(default=[], max_length=LONGEST_TRAIL)

    def filter(self) -> TraceFilter:
        """As the store takes it; the later of `range` and `since` counts."""
        wanted = super().filter()
        if self.range is None:
            return wanted
        begin = time.time_ns() - RANGES[self.range]
        return msgspec.structs.replace(wanted, since=max(begin, wanted.since or 0))

    def chosen(self) -> dict[str, str]:
        """The filters in use, as the address carries them."""
        dumped = self.model_dump(mode="json", exclude={"cursor", "trail"}, exclude_none=True)
        return {name: str(value) for name, value in dumped.items()}


def read_page_query(query: QueryParams) -> tuple[TracePageQuery, list[str]]:
    """The filters of a page's address, and the names of those left out because they make no sense."""
    given: dict[str, object] = {name: value.strip() for name, value in query.items() if value.strip()}
    given.pop("trail", None)
    if trail := query.getlist("trail"):
        given["trail"] = trail[-LONGEST_TRAIL:]
    try:
        return TracePageQuery.model_validate(given), []
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False)})
    return TracePageQuery.model_validate({n: v for n, v in given.items() if n not in wrong}), wrong
