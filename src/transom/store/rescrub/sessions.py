"""Who holds which message, after one of the two has got another name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import SESSION_MESSAGE

_H = SESSION_MESSAGE.c

_MOVE = """INSERT INTO session_message (project_id, key_id, session, message_id, trace_id, place, last_trace_id)
SELECT project_id, key_id, {session}, {message}, trace_id, place, last_trace_id FROM session_message WHERE {which}
ON CONFLICT (project_id, key_id, session, message_id) DO UPDATE SET
place = CASE WHEN excluded.trace_id < session_message.trace_id THEN excluded.place ELSE session_message.place END,
trace_id = CASE WHEN excluded.trace_id < session_message.trace_id
    THEN excluded.trace_id ELSE session_message.trace_id END,
last_trace_id = CASE WHEN excluded.last_trace_id > session_message.last_trace_id
    THEN excluded.last_trace_id ELSE session_message.last_trace_id END"""
"""Of two rows that become one, the older trace brought the message and the newer one sent it last."""

_OTHER_MESSAGE = _MOVE.format(session="session", message="CAST(:new AS BIGINT)", which="message_id = :old")
_OTHER_SESSION = _MOVE.format(
    session="CAST(:new AS TEXT)",
    message="message_id",
    which="project_id = :project_id AND key_id = :key_id AND session = :old",
)


async def hold_instead(conn: AsyncConnection, old: int, new: int) -> None:
    """Let every session hold one message (a row id) instead of another."""
    await conn.execute(text(_OTHER_MESSAGE), {"old": old, "new": new})
    await conn.execute(delete(SESSION_MESSAGE).where(_H.message_id == old))


async def rename_session(conn: AsyncConnection, project_id: str, key_id: str, old: str, new: str) -> None:
    """Give a session's messages to the session of another name."""
    owner: dict[str, Any] = {"project_id": project_id, "key_id": key_id}
    await conn.execute(text(_OTHER_SESSION), {**owner, "old": old, "new": new})
    same = [_H[name] == value for name, value in owner.items()]
    await conn.execute(delete(SESSION_MESSAGE).where(*same, _H.session == old))
