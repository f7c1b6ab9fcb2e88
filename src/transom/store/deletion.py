"""Takes traces out, or their content alone. What nothing refers to any more goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.chains import forget_chains
from transom.store.dialect import Db, writing
from transom.store.entities import forget_entity_hashes
from transom.store.messages import Held, hold_messages
from transom.store.models import FEEDBACK, MESSAGE, PRICED_RESPONSE, SESSION_MESSAGE, TRACE
from transom.store.rows import from_text, to_text

BATCH = 500
"""Traces in a transaction: few enough that nobody waits long for the lock."""

_T, _H, _F, _P = TRACE.c, SESSION_MESSAGE.c, FEEDBACK.c, PRICED_RESPONSE.c

Session = tuple[str, str, str]
"""Project, key, and the `session` of session_message."""

_NO_CONTENT = {
    "message_ids": "[]",
    "inputs": 0,
    "tools_id": None,
    "input_preview": None,
    "output_preview": None,
    "error_message": None,
}
_OWNER = (_T.id, _T.project_id, _T.key_id, _T.session_id)


async def delete_traces(db: Db, ids: Sequence[str]) -> int:
    """Delete traces with their feedback, and the messages and session feedback that no other trace holds."""
    deleted = 0
    async with writing(db) as conn:
        for start in range(0, len(ids), BATCH):
            deleted += await _delete(conn, ids[start : start + BATCH])
    return deleted


async def _delete(conn: AsyncConnection, ids: Sequence[str]) -> int:
    gone = await conn.execute(delete(TRACE).where(_T.id.in_(ids)).returning(*_OWNER, _T.response_id))
    traces = gone.mappings().all()
    if not traces:
        return 0
    sessions = await _let_go(conn, traces, ids)
    await _delete_session_feedback(conn, sessions)
    await _forget_prices(conn, traces)
    return len(traces)


async def expire_content(db: Db, ids: Sequence[str], at: int) -> int:
    """Take the content of traces away, and leave their numbers; gives of how many.

    Content is what redaction treats as text: messages, tools, previews, the error's message, and of parameters and
    metadata all but numbers. What the index knows of it goes too.
    """
    async with writing(db) as conn:
        has_content = and_(_T.id.in_(ids), _T.content_expired_at.is_(None))
        found = await conn.execute(select(*_OWNER, _T.params, _T.metadata).where(has_content))
        traces = found.mappings().all()
        if traces:
            emptied = update(TRACE).where(_T.id == bindparam("of")).values(**_NO_CONTENT, content_expired_at=at)
            texts: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("params", "metadata")}
            await conn.execute(emptied.values(texts), [_numbers_of(trace) for trace in traces])
            await _let_go(conn, traces, ids)
            await forget_entity_hashes(conn, [trace["id"] for trace in traces])
    return len(traces)


def _numbers_of(trace: Any) -> dict[str, str]:
    kept = {f"new_{name}": to_text(_numbers(from_text(trace[name]))) for name in ("params", "metadata")}
    return {"of": trace["id"], **kept}


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


async def _let_go(conn: AsyncConnection, traces: Sequence[Any], ids: Sequence[str]) -> list[Session]:
    """Forget the conversations of traces and the messages that only they hold; gives their sessions."""
    sessions = sorted({(t["project_id"], t["key_id"], t["session_id"] or t["id"]) for t in traces})
    await forget_chains(conn, [t["id"] for t in traces])
    await _sweep(conn, await _release(conn, sessions, ids))
    return sessions


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
    has_content = and_(_T.id < trace_id, _T.content_expired_at.is_(None))
    query = select(*owner, _T.id, _T.message_ids, _T.tools_id).where(tuple_(*owner).in_(sessions), has_content)
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
    for start in range(0, len(candidates), BATCH):
        chunk = select(MESSAGE.c.id).where(MESSAGE.c.id.in_(candidates[start : start + BATCH]), unheld)
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
