"""Conversations: the traces of one caller with the same `session_id`, given or inferred from their history."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import RowMapping, and_, case, exists, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import one_of
from transom.store.models import FEEDBACK, SESSION_MESSAGE, TRACE
from transom.store.projects import of_project
from transom.store.read import (
    Page,
    Row,
    add_feedback,
    feedback_row,
    list_row,
    read_messages,
    shown_message,
    to_page,
    usd,
)
from transom.store.search import TOOLS_ROLE

_T = TRACE.c
_OWNER = (_T.project_id, _T.key_id, _T.session_id)
_H, _F = SESSION_MESSAGE.c, FEEDBACK.c
_SUMS = (
    func.min(_T.started_at).label("started_at"),
    func.count().label("traces"),
    func.sum(case((_T.failed == true(), 1), else_=0)).label("errors"),
    func.sum(case((_T.cost.is_(None), 1), else_=0)).label("unpriced"),
    func.sum(case((_T.billed == true(), _T.input_tokens))).label("input_tokens"),
    func.sum(case((_T.billed == true(), _T.output_tokens))).label("output_tokens"),
    func.sum(_T.cost).label("cost"),
)
_NUMBERS = ("started_at", "traces", "errors", "unpriced", "input_tokens", "output_tokens")
_FROM_LAST = (
    *("project_id", "key_id", "session_id", "session_source", "user_id", "app"),
    *("input_preview", "output_preview"),
)


async def list_sessions(
    conn: AsyncConnection, cursor: str | None = None, limit: int = 50, project_id: str | None = None
) -> Page:
    """Sessions, that with the newest trace first."""
    later = TRACE.alias("later")
    same_session = and_(*(later.c[column.name] == column for column in _OWNER))
    is_last = ~exists().where(same_session, later.c.id > _T.id)
    query = select(TRACE).where(_T.session_id.is_not(None), is_last, of_project(_T.project_id, project_id))
    if cursor is not None:
        query = query.where(_T.id < cursor)
    found = await conn.execute(query.order_by(_T.id.desc()).limit(limit + 1))
    last_traces = list(found.mappings())
    return to_page(await _summaries(conn, last_traces), limit, itemgetter("last_trace_id"))


async def get_session(
    conn: AsyncConnection, session_id: str, key_id: str | None = None, limit: int = 200
) -> Row | None:
    """A session with its newest `limit` traces, or None. Without `key_id`, that with the newest trace."""
    newest_first = select(TRACE).where(_T.session_id == session_id).order_by(_T.id.desc())
    if key_id is not None:
        newest_first = newest_first.where(_T.key_id == key_id)
    last = (await conn.execute(newest_first.limit(1))).mappings().first()
    if last is None:
        return None
    own = newest_first.where(_T.project_id == last["project_id"], _T.key_id == last["key_id"])
    found = await conn.execute(own.limit(limit))
    traces = [list_row(row) for row in found.mappings()][::-1]
    await add_feedback(conn, traces)
    summary = (await _summaries(conn, [last]))[0]
    return {
        **summary,
        "messages": await _messages(conn, last, traces[0]["id"]),
        "trace_rows": traces,
        "feedback": await _feedback_on(conn, last),
    }


async def _summaries(conn: AsyncConnection, last_traces: Sequence[RowMapping]) -> list[Row]:
    """A row for each session, of which the last trace is given."""
    owners = [tuple(row[column.name] for column in _OWNER) for row in last_traces]
    named = one_of(conn, _T.session_id, [row["session_id"] for row in last_traces])
    query = select(*_OWNER, *_SUMS).where(named, tuple_(*_OWNER).in_(owners)).group_by(*_OWNER)
    sums = {tuple(row[c.name] for c in _OWNER): row for row in (await conn.execute(query)).mappings()}
    return [_summary(last, sums[owner]) for last, owner in zip(last_traces, owners, strict=True)]


def _summary(last: RowMapping, sums: RowMapping) -> Row:
    numbers = {name: _whole(sums[name]) for name in _NUMBERS}
    return {
        **{name: last[name] for name in _FROM_LAST},
        **numbers,
        "last_trace_id": last["id"],
        "last_started_at": last["started_at"],
        "cost_usd": usd(_whole(sums["cost"])),
    }


def _whole(number: Any) -> int | None:
    """PostgreSQL adds integers up to a Decimal."""
    return None if number is None else int(number)


async def _messages(conn: AsyncConnection, last: RowMapping, first_trace_id: str) -> list[Row]:
    """What was said, each message once, in the order it came, from one trace on."""
    own = and_(_H.project_id == last["project_id"], _H.key_id == last["key_id"], _H.session == last["session_id"])
    held = select(_H.message_id, _H.trace_id).where(own, _H.trace_id >= first_trace_id)
    rows = (await conn.execute(held.order_by(_H.trace_id, _H.place))).all()
    stored = await read_messages(conn, [message_id for message_id, _ in rows])
    said = [({**shown_message(stored[i]), "trace_id": trace_id}) for i, trace_id in rows]
    return [message for message in said if message["role"] != TOOLS_ROLE]


async def _feedback_on(conn: AsyncConnection, last: RowMapping) -> list[Row]:
    own = and_(_F.project_id == last["project_id"], _F.key_id == last["key_id"])
    said = select(FEEDBACK).where(_F.target == "session", _F.target_id == last["session_id"], own)
    return [feedback_row(row) for row in (await conn.execute(said.order_by(_F.created_at, _F.id))).mappings()]
