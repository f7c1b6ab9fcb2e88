"""Traces, as lists and pages show them: dicts with the fields of "A trace in JSON", newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import one_of
from transom.store.dialect import has_text
from transom.store.entities import traces_holding
from transom.store.models import FEEDBACK, MESSAGE, ROLLUP, TRACE
from transom.store.projects import of_project
from transom.store.rollups import DAY
from transom.store.rows import first_id, from_text, to_text
from transom.store.search import find_traces, words_of
from transom.types import PICODOLLARS_PER_DOLLAR

USER_FEEDBACK = "user_feedback"
"""The `name` of thumbs: a score of 0.5 or more is up, less is down."""

UP = 0.5

_JSON = ("tags", "metadata", "rewrites", "attempts", "params", "finish_reasons", "names_unchecked")
_INTERNAL = ("cost", "message_ids", "inputs", "tools_id")
_T, _F = TRACE.c, FEEDBACK.c

Row = dict[str, Any]


class TraceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which traces. `since` (included) and `until` (not) are Unix nanoseconds; of `q`, all words are wanted.

    `entity_hash` is that of a value which their content holds.
    """

    project_id: str | None = None
    model: str | None = None
    provider: str | None = None
    route: str | None = None
    operation: str | None = None
    status: Literal["ok", "error"] | None = None
    outcome: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    app: str | None = None
    tag: str | None = None
    min_cost_usd: Decimal | None = None
    feedback: Literal["up", "down"] | None = None
    since: int | None = None
    until: int | None = None
    q: str | None = None
    entity_hash: bytes | None = None


_EQUAL = ("model", "provider", "route", "operation", "outcome", "session_id", "user_id", "app")


class Page(msgspec.Struct, frozen=True):
    """Some rows, and the cursor of those that follow (None at the end)."""

    rows: list[Row]
    next_cursor: str | None


def to_page(rows: list[Row], limit: int, cursor_of: Callable[[Row], str]) -> Page:
    """A page of at most `limit` rows out of the `limit` + 1 that were asked for."""
    shown = rows[:limit]
    return Page(shown, cursor_of(shown[-1]) if len(rows) > limit else None)


def usd(picodollars: int | None) -> str | None:
    """Picodollars as a plain decimal string of US dollars: the exact amount, without zeros at its end."""
    if picodollars is None:
        return None
    dollars = f"{Decimal(picodollars).scaleb(-12):f}"
    return dollars.rstrip("0").rstrip(".") if "." in dollars else dollars


async def list_traces(
    conn: AsyncConnection, filter: TraceFilter | None = None, cursor: str | None = None, limit: int = 50
) -> Page:
    """Traces without their messages. A row's `feedback` is `{"up", "down", "count"}`."""
    wanted = filter or TraceFilter()
    query = select(TRACE).where(*_conditions(wanted)).order_by(_T.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(_T.id < cursor)
    found: Sequence[RowMapping]
    if wanted.q is not None and wanted.q.strip():
        ids = await find_traces(conn, words_of(wanted.q))
        found = await _newest_of(conn, query, [i for i in ids if cursor is None or i < cursor], limit + 1)
    else:
        found = (await conn.execute(query)).mappings().all()
    page = to_page([list_row(row) for row in found], limit, itemgetter("id"))
    await add_feedback(conn, page.rows)
    return page


async def _newest_of(conn: AsyncConnection, query: Select[Any], ids: Sequence[str], count: int) -> list[RowMapping]:
    """The first `count` rows of a query among these traces, the newest first; asks for some of them at a time."""
    found: list[RowMapping] = []
    for start in range(0, len(ids), _SOME_IDS):
        some = query.where(one_of(conn, _T.id, ids[start : start + _SOME_IDS]))
        found += (await conn.execute(some)).mappings()
        if len(found) >= count:
            break
    return found[:count]


_SOME_IDS = 500


def _conditions(wanted: TraceFilter) -> list[ColumnElement[bool]]:
    chosen = {name: value for name in _EQUAL if (value := getattr(wanted, name)) is not None}
    conditions = [of_project(_T.project_id, wanted.project_id), *(_T[name] == value for name, value in chosen.items())]
    if wanted.status is not None:
        conditions.append(_T.failed == true() if wanted.status == "error" else _T.failed != true())
    if wanted.tag is not None:
        conditions.append(has_text(_T.tags, to_text(wanted.tag)))
    if wanted.min_cost_usd is not None:
        conditions.append(_T.cost >= int(wanted.min_cost_usd * PICODOLLARS_PER_DOLLAR))
    if wanted.feedback is not None:
        conditions.append(_T.id.in_(_rated(wanted.feedback)))
    if wanted.entity_hash is not None:
        conditions.append(_T.id.in_(traces_holding(wanted.entity_hash)))
    if wanted.since is not None:
        conditions += [_T.started_at >= wanted.since, _T.id >= first_id(wanted.since - _MINTED_WITHIN_NS)]
    if wanted.until is not None:
        conditions += [_T.started_at < wanted.until, _T.id < first_id(wanted.until + _MINTED_WITHIN_NS)]
    return conditions


_MINTED_WITHIN_NS = 3600 * 10**9
"""An id tells when it was made, which is when its exchange started; so a time is also a piece of the list's order."""


def _rated(rating: Literal["up", "down"]) -> Any:
    score = _F.score >= UP if rating == "up" else _F.score < UP
    return select(_F.trace_id).where(_F.name == USER_FEEDBACK, _F.trace_id.is_not(None), score)


def list_row(row: RowMapping) -> Row:
    """A row of `trace` as lists show it."""
    shown = {name: value for name, value in row.items() if name not in _INTERNAL}
    shown.update((name, from_text(row[name])) for name in _JSON)
    shown["cost_usd"] = usd(row["cost"])
    return shown


async def add_feedback(conn: AsyncConnection, rows: Sequence[Row]) -> None:
    """Give each row its `feedback`: how many thumbs up and down, and how many words on it in all."""
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        row["feedback"] = {"up": 0, "down": 0, "count": 0}
    said = select(_F.trace_id, _F.name, _F.score).where(_F.trace_id.in_(by_id))
    for trace_id, name, score in await conn.execute(said):
        summary = by_id[trace_id]["feedback"]
        summary["count"] += 1
        if name == USER_FEEDBACK and score is not None:
            summary["up" if score >= UP else "down"] += 1


async def get_trace(conn: AsyncConnection, trace_id: str) -> Row | None:
    """The whole of a trace, or None."""
    row = (await conn.execute(select(TRACE).where(_T.id == trace_id))).mappings().first()
    if row is None:
        return None
    return {**list_row(row), **await _content(conn, row), "scores": [], "feedback": await _feedback_on(conn, row)}


async def _content(conn: AsyncConnection, row: RowMapping) -> Row:
    return content_of(row, await read_messages(conn, held_ids(row)))


def held_ids(row: RowMapping) -> list[int]:
    """The row ids of all messages of a trace, its tools among them."""
    ids: list[int] = from_text(row["message_ids"])
    return [*ids, row["tools_id"]] if row["tools_id"] else ids


def content_of(row: RowMapping, stored: dict[int, Row]) -> Row:
    """The messages, tools and remarks of a trace, out of messages that were read."""
    ids: list[int] = from_text(row["message_ids"])
    messages = [stored[i] for i in ids if i in stored]
    remarks = [{**r, "message": n} for n, message in enumerate(messages) for r in message["remarks"]]
    shown = [shown_message(message) for message in messages]
    outputs = shown[row["inputs"] :]
    for message, reason in zip(outputs, from_text(row["finish_reasons"]), strict=False):
        message["finish_reason"] = reason
    tools = stored[row["tools_id"]]["parts"] if row["tools_id"] else []
    return {
        "input_messages": shown[: row["inputs"]],
        "output_messages": outputs,
        "tools": tools,
        "remarks": remarks,
    }


def shown_message(message: Row) -> Row:
    """A message as JSON shows it, without its remarks."""
    return {"role": message["role"], "parts": message["parts"], "name": message["name"], "finish_reason": None}


_MESSAGE_COLUMNS = [MESSAGE.c[name] for name in ("id", "role", "name", "parts", "remarks")]
_CHUNK = 1000


async def read_messages(conn: AsyncConnection, ids: Sequence[int]) -> dict[int, Row]:
    """Messages by their row ids, with `parts` and `remarks` decoded."""
    found: dict[int, Row] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _CHUNK):
        chunk = select(*_MESSAGE_COLUMNS).where(MESSAGE.c.id.in_(wanted[start : start + _CHUNK]))
        for row in (await conn.execute(chunk)).mappings():
            found[row["id"]] = {**row, "parts": from_text(row["parts"]), "remarks": from_text(row["remarks"])}
    return found


async def _feedback_on(conn: AsyncConnection, trace: RowMapping) -> list[Row]:
    """What was said of a trace, and of its session."""
    of_session = (
        (_F.target == "session")
        & (_F.target_id == trace["session_id"])
        & (_F.project_id == trace["project_id"])
        & (_F.key_id == trace["key_id"])
    )
    said = select(FEEDBACK).where((_F.trace_id == trace["id"]) | of_session).order_by(_F.created_at, _F.id)
    return [feedback_row(row) for row in (await conn.execute(said)).mappings()]


def feedback_row(row: RowMapping) -> Row:
    """A row of `feedback` as JSON shows it."""
    shown = {name: value for name, value in row.items() if name not in ("number", "linked")}
    return {**shown, "labels": from_text(row["labels"]), "status": "linked" if row["linked"] else "pending"}


async def list_feedback(
    conn: AsyncConnection,
    cursor: str | None = None,
    limit: int = 50,
    name: str | None = None,
    status: Literal["linked", "pending"] | None = None,
) -> Page:
    """Feedback, the newest first."""
    query = select(FEEDBACK).where(of_project(_F.project_id, None))
    if name is not None:
        query = query.where(_F.name == name)
    if status is not None:
        query = query.where(_F.linked == (status == "linked"))
    if cursor is not None:
        created_at, _, feedback_id = cursor.partition(".")
        query = query.where(_before(int(created_at), feedback_id))
    found = await conn.execute(query.order_by(_F.created_at.desc(), _F.id.desc()).limit(limit + 1))
    rows = [feedback_row(row) for row in found.mappings()]
    return to_page(rows, limit, lambda row: f"{row['created_at']}.{row['id']}")


def _before(created_at: int, feedback_id: str) -> ColumnElement[bool]:
    same_time = (_F.created_at == created_at) & (_F.id < feedback_id)
    return (_F.created_at < created_at) | same_time


async def filter_values(conn: AsyncConnection) -> dict[str, list[str]]:
    """`{"models", "providers", "routes"}` seen so far, from the rollups: what a filter menu offers."""
    values = {}
    for name in ("model", "provider", "route"):
        column = ROLLUP.c[name]
        distinct = select(column).where(ROLLUP.c.step == DAY, func.length(column) > 0).distinct()
        distinct = distinct.where(of_project(ROLLUP.c.project_id, None))
        values[f"{name}s"] = list((await conn.execute(distinct.order_by(column))).scalars())
    return values
