"""Feedback: kept once per author, linked to what it is about, whichever of the two comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import one_of
from transom.store.dialect import insert
from transom.store.models import FEEDBACK, TRACE, WITHDRAWN
from transom.store.rows import fit_id, to_text
from transom.types import RedactedExchange, RedactedFeedback, Withdrawal

_F, _T = FEEDBACK.c, TRACE.c
_ONE_PER_AUTHOR = ("project_id", "key_id", "target", "target_id", "name", "author")
_SAID = ("id", "created_at", "score", "comment", "correction", "labels")


async def keep_feedback(conn: AsyncConnection, items: Sequence[RedactedFeedback | Withdrawal]) -> tuple[int, int]:
    """Store feedback and take back what is withdrawn, in order; gives how many rows each changed."""
    kept = withdrawn = 0
    for item in items:
        if isinstance(item, Withdrawal):
            withdrawn += await _withdraw(conn, item)
        elif not await _is_withdrawn(conn, item):
            kept += await _upsert(conn, item)
    return kept, withdrawn


async def _upsert(conn: AsyncConnection, said: RedactedFeedback) -> int:
    """The author's latest word on the same thing counts; the link stays."""
    row = {
        "id": said.id,
        "project_id": said.project_id,
        "key_id": fit_id(said.key_id),
        "created_at": said.created_at,
        "target": said.target,
        "target_id": fit_id(said.target_id),
        "name": fit_id(said.name),
        "author": fit_id(said.author),
        "score": said.score,
        "comment": said.comment,
        "correction": said.correction,
        "labels": to_text(said.labels),
        "linked": False,
        "trace_id": None,
    }
    statement = insert(conn, FEEDBACK)
    statement = statement.on_conflict_do_update(
        index_elements=[_F[name] for name in _ONE_PER_AUTHOR],
        set_={name: statement.excluded[name] for name in _SAID},
        where=_F.created_at <= statement.excluded.created_at,
    )
    changed = int((await conn.execute(statement, row)).rowcount)
    if changed:
        await _link_to_stored(conn, row)
    return changed


async def _withdraw(conn: AsyncConnection, wish: Withdrawal) -> int:
    """Delete the feedback, and remember, as it may come later than this. Only its own key's withdrawal finds it."""
    owner = {"project_id": wish.project_id, "key_id": fit_id(wish.key_id)}
    statement = insert(conn, WITHDRAWN)
    later = statement.excluded.created_at
    statement = statement.on_conflict_do_update(
        index_elements=list(WITHDRAWN.primary_key),
        set_={"created_at": later},
        where=WITHDRAWN.c.created_at < later,
    )
    await conn.execute(statement, {**owner, "feedback_id": wish.feedback_id, "created_at": wish.created_at})
    mine = and_(_F.id == wish.feedback_id, _F.project_id == owner["project_id"], _F.key_id == owner["key_id"])
    return int((await conn.execute(delete(FEEDBACK).where(mine, _F.created_at <= wish.created_at))).rowcount)


async def _is_withdrawn(conn: AsyncConnection, said: RedactedFeedback) -> bool:
    """Whether its author took it back after saying it."""
    w = WITHDRAWN.c
    mine = and_(w.project_id == said.project_id, w.key_id == fit_id(said.key_id), w.feedback_id == said.id)
    found = await conn.execute(select(w.created_at).where(mine, w.created_at >= said.created_at))
    return found.first() is not None


async def _link_to_stored(conn: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Link a feedback to the newest trace that has the id it names, or to its session."""
    target_id = row["target_id"]
    named: ColumnElement[bool] = _T.session_id == target_id
    if row["target"] == "response":
        columns = (_T.id, _T.response_id, _T.request_id, _T.client_request_id)
        named = or_(*(column == target_id for column in columns))
    own = and_(_T.project_id == row["project_id"], _T.key_id == row["key_id"])
    newest = select(_T.id).where(named, own).order_by(_T.id.desc()).limit(1)
    trace_id = (await conn.execute(newest)).scalar()
    if trace_id is not None:
        link = {"linked": True, "trace_id": trace_id if row["target"] == "response" else None}
        mine = and_(*(_F[name] == row[name] for name in _ONE_PER_AUTHOR))
        await conn.execute(update(FEEDBACK).where(mine).values(link))


async def link_waiting(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> int:
    """Link the feedback that came before these traces; gives how many. Oldest first, so that the newest trace wins."""
    waiting = await _naming(conn, {target_id for e in exchanges for _, target_id in _targets(e)})
    linked = 0
    for exchange in sorted(exchanges, key=lambda e: e.id) if waiting else ():
        for target, target_id in _targets(exchange):
            for row in waiting.get((exchange.project_id, fit_id(exchange.key_id), target, target_id), ()):
                linked += await _link(conn, row, exchange)
    return linked


Waiting = dict[tuple[str, str | None, str, str | None], list[dict[str, Any]]]


async def _naming(conn: AsyncConnection, target_ids: set[str | None]) -> Waiting:
    """The feedback that names one of these ids, by owner, target and id."""
    found: Waiting = {}
    ids = sorted(i for i in target_ids if i is not None)
    for row in (await conn.execute(select(FEEDBACK).where(one_of(conn, _F.target_id, ids)))).mappings():
        key = (row["project_id"], row["key_id"], row["target"], row["target_id"])
        found.setdefault(key, []).append(dict(row))
    return found


def _targets(exchange: RedactedExchange) -> list[tuple[str, str | None]]:
    """What feedback may call this exchange, as (target, target_id)."""
    names = (exchange.id, exchange.response_id, exchange.request_id, exchange.client_request_id)
    responses = [("response", fit_id(name)) for name in dict.fromkeys(names)]
    return [*responses, ("session", fit_id(exchange.session_id))]


async def _link(conn: AsyncConnection, row: dict[str, Any], exchange: RedactedExchange) -> int:
    """Link one feedback, unless a newer trace has it or it was said of an older trace before this one began."""
    if row["linked"] and (row["target"] == "session" or not _is_meant(row, exchange)):
        return 0
    row["linked"] = True
    row["trace_id"] = exchange.id if row["target"] == "response" else None
    link = {"linked": True, "trace_id": row["trace_id"]}
    await conn.execute(update(FEEDBACK).where(_F.number == row["number"]).values(link))
    return 1


def _is_meant(row: Mapping[str, Any], exchange: RedactedExchange) -> bool:
    newer = row["trace_id"] is None or row["trace_id"] < exchange.id
    return bool(newer and exchange.started_at <= row["created_at"])
