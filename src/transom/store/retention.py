"""Takes traces out again: those that are too old, or a user's. What nothing refers to any more goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, exists, false, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import Db, writing
from transom.store.messages import Held, hold_messages
from transom.store.models import FEEDBACK, MESSAGE, PRICED_RESPONSE, SESSION_MESSAGE, TRACE, WITHDRAWN
from transom.store.rows import fit_id, from_text

_T, _H, _F, _P = TRACE.c, SESSION_MESSAGE.c, FEEDBACK.c, PRICED_RESPONSE.c
_CHUNK = 500

Session = tuple[str, str, str]
"""Project, key, and the `session` of session_message."""


async def delete_before(db: Db, cutoff_ns: int, batch: int) -> int:
    """Delete up to `batch` traces begun before the cutoff, oldest first; gives how many.

    Fewer than `batch` means that all are gone. Feedback that never found its trace, and the memory of withdrawals, go
    as well when they are that old.
    """
    async with writing(db) as conn:
        old = select(_T.id).where(_T.started_at < cutoff_ns).order_by(_T.started_at).limit(batch)
        deleted = await delete_traces(conn, list((await conn.execute(old)).scalars()))
        await conn.execute(delete(FEEDBACK).where(_F.linked == false(), _F.created_at < cutoff_ns))
        await conn.execute(delete(WITHDRAWN).where(WITHDRAWN.c.created_at < cutoff_ns))
    return deleted


async def erase_user(db: Db, project_id: str, user_id: str) -> int:
    """Delete all traces of a user, and all feedback by them; gives how many traces."""
    user = fit_id(user_id)
    async with writing(db) as conn:
        found = await conn.execute(select(_T.id).where(_T.user_id == user, _T.project_id == project_id))
        deleted = await delete_traces(conn, list(found.scalars()))
        await conn.execute(delete(FEEDBACK).where(_F.author == user, _F.project_id == project_id))
    return deleted


async def delete_traces(db: Db, ids: Sequence[str]) -> int:
    """Delete traces with their feedback, and the messages and session feedback that no other trace holds."""
    deleted = 0
    async with writing(db) as conn:
        for start in range(0, len(ids), _CHUNK):
            deleted += await _delete(conn, ids[start : start + _CHUNK])
    return deleted


async def _delete(conn: AsyncConnection, ids: Sequence[str]) -> int:
    gone = await conn.execute(delete(TRACE).where(_T.id.in_(ids)).returning(*_GONE))
    traces = gone.mappings().all()
    if not traces:
        return 0
    sessions = sorted({(t["project_id"], t["key_id"], t["session_id"] or t["id"]) for t in traces})
    let_go = await _release(conn, sessions, ids)
    await _sweep(conn, let_go)
    await _delete_session_feedback(conn, sessions)
    await _forget_prices(conn, traces)
    return len(traces)


_GONE = (_T.id, _T.project_id, _T.key_id, _T.session_id, _T.response_id)


async def _release(conn: AsyncConnection, sessions: Sequence[Session], ids: Sequence[str]) -> list[int]:
    """Let sessions go of the messages that were sent last by one of these traces; gives the ids of the messages."""
    in_sessions = tuple_(_H.project_id, _H.key_id, _H.session).in_(sessions)
    last = delete(SESSION_MESSAGE).where(in_sessions, _H.last_trace_id.in_(ids)).returning(_H.message_id)
    released = list((await conn.execute(last)).scalars())
    await hold_messages(conn, await _older(conn, sessions, max(ids)))
    brought = update(SESSION_MESSAGE).where(in_sessions, _H.trace_id.in_(ids))
    await conn.execute(brought.values(trace_id=_H.last_trace_id))
    return released


async def _older(conn: AsyncConnection, sessions: Sequence[Session], trace_id: str) -> list[Held]:
    """What the remaining traces older than this one hold. There are none when the oldest traces go first."""
    owner = (_T.project_id, _T.key_id, _T.session_id)
    query = select(*owner, _T.id, _T.message_ids, _T.tools_id).where(tuple_(*owner).in_(sessions), _T.id < trace_id)
    return [_held(row) for row in (await conn.execute(query)).mappings()]


def _held(row: Any) -> Held:
    tools = [row["tools_id"]] if row["tools_id"] else []
    message_ids = tools + from_text(row["message_ids"])
    return Held(row["project_id"], row["key_id"], row["session_id"], row["id"], message_ids)


async def _sweep(conn: AsyncConnection, message_ids: Sequence[int]) -> None:
    """Delete those messages that no session holds.

    One that is locked is being sent again at this moment. The others are locked first, and looked at again after that:
    a recorder that wants one of them then waits and stores it anew.
    """
    unheld = ~exists().where(_H.message_id == MESSAGE.c.id)
    candidates = sorted(set(message_ids))
    for start in range(0, len(candidates), _CHUNK):
        chunk = select(MESSAGE.c.id).where(MESSAGE.c.id.in_(candidates[start : start + _CHUNK]), unheld)
        locked = list((await conn.execute(chunk.with_for_update(skip_locked=True))).scalars())
        await conn.execute(delete(MESSAGE).where(MESSAGE.c.id.in_(locked), unheld))


async def _delete_session_feedback(conn: AsyncConnection, sessions: Sequence[Session]) -> None:
    owner = (_F.project_id, _F.key_id, _F.target_id)
    same = and_(_T.project_id == _F.project_id, _T.key_id == _F.key_id, _T.session_id == _F.target_id)
    on_session = and_(_F.target == "session", _F.linked, tuple_(*owner).in_(sessions))
    await conn.execute(delete(FEEDBACK).where(on_session, ~exists().where(same)))


async def _forget_prices(conn: AsyncConnection, traces: Sequence[Any]) -> None:
    keys = [(t["project_id"], t["key_id"], t["response_id"]) for t in traces if t["response_id"]]
    priced = tuple_(_P.project_id, _P.key_id, _P.response_id)
    await conn.execute(delete(PRICED_RESPONSE).where(priced.in_(keys)))
