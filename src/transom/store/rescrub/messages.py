"""Messages, redacted again. As they are known by their content, others take their place, new or stored already.

The rows that are to go are locked first: a recorder that wants one of them waits, finds it gone, and stores it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret
from transom.store.bulk import one_of
from transom.store.messages import Sent, digest_of, keep_messages
from transom.store.models import MESSAGE, SESSION_MESSAGE, TRACE
from transom.store.read import Row, held_ids, read_messages
from transom.store.rescrub import BATCH, Scrubber, residuals
from transom.store.rescrub.sessions import hold_instead
from transom.store.rows import from_text, previews, to_text
from transom.types import RedactedMessage, Remark

_M, _H, _T = MESSAGE.c, SESSION_MESSAGE.c, TRACE.c

_TOGETHER = 100
"""Traces whose messages are read at a time; those of a session have most of them in common."""


@dataclass(frozen=True, slots=True)
class Change:
    """A message as it is stored, and as it should be."""

    id: int
    key_id: str
    digest: bytes
    before: RedactedMessage
    after: RedactedMessage


async def read(
    conn: AsyncConnection, project_id: str, position: str, scrubber: Scrubber
) -> tuple[str | None, list[Change]]:
    """The next position, or None behind the last message, and those up to there that must change."""
    query = select(MESSAGE).where(_M.project_id == project_id, _M.id > int(position or 0))
    rows = (await conn.execute(query.order_by(_M.id).limit(BATCH))).mappings().all()
    changes = []
    for row in rows:
        before = _message(row)
        after = scrubber.message(before)
        if after is not before:
            changes.append(Change(row["id"], row["key_id"], row["digest"], before, after))
    return (str(rows[-1]["id"]) if len(rows) == BATCH else None), changes


def _message(row: Any) -> RedactedMessage:
    remarks = [Remark(**remark, message=0) for remark in from_text(row["remarks"])]
    return RedactedMessage(role=row["role"], name=row["name"], parts=from_text(row["parts"]), remarks=remarks)


async def touched(conn: AsyncConnection, project_id: str, changes: Sequence[Change]) -> dict[str, str]:
    """The traces that hold one of these messages: the `key_id` of each."""
    return {row["id"]: row["key_id"] for row in await _holding(conn, project_id, [change.id for change in changes])}


async def apply(
    conn: AsyncConnection, project_id: str, changes: Sequence[Change], secret: Secret
) -> tuple[int, dict[str, str]]:
    """Put others in the place of the messages; gives of how many, and the traces that hold them with their key.

    Those that have been deleted since they were read are left out.
    """
    changes = await _lock(conn, changes)
    holding = await _holding(conn, project_id, [change.id for change in changes])
    key = secret.messages(project_id)
    digests = {change.id: digest_of(key, change.key_id, change.after) for change in changes}
    sent = {digests[change.id]: Sent(project_id, change.key_id, change.after) for change in changes}
    kept = await keep_messages(conn, sent)
    instead = {message_id: kept[digest] for message_id, digest in digests.items()}
    for old, new in instead.items():
        await hold_instead(conn, old, new)
    await conn.execute(delete(MESSAGE).where(_M.id.in_(instead)))
    renewed = await _renew_traces(conn, holding, instead)
    changed = {change.digest: (digests[change.id], change.before, change.after) for change in changes}
    await residuals.follow(conn, project_id, changed)
    return len(changes), renewed


async def _lock(conn: AsyncConnection, changes: Sequence[Change]) -> list[Change]:
    """Those that are still there, and stay until the transaction ends. In the order in which recorders lock them."""
    rows = select(_M.id).where(_M.id.in_([change.id for change in changes])).order_by(_M.digest)
    found = set((await conn.execute(rows.with_for_update())).scalars())
    return [change for change in changes if change.id in found]


async def _holding(conn: AsyncConnection, project_id: str, message_ids: Iterable[int]) -> list[Any]:
    """The rows of the traces that hold one of these messages."""
    wanted = set(message_ids)
    sessions = select(_H.session).where(_H.project_id == project_id, _H.message_id.in_(wanted)).distinct()
    names = list((await conn.execute(sessions)).scalars())
    own = and_(_T.session_id.is_(None), one_of(conn, _T.id, names))
    of_session = and_(_T.project_id == project_id, or_(one_of(conn, _T.session_id, names), own))
    columns = (_T.id, _T.key_id, _T.message_ids, _T.inputs, _T.tools_id)
    rows = (await conn.execute(select(*columns).where(of_session))).mappings()
    return [row for row in rows if not wanted.isdisjoint(held_ids(row))]


async def _renew_traces(conn: AsyncConnection, traces: Sequence[Any], instead: dict[int, int]) -> dict[str, str]:
    """Name the messages that stand for others now, and make the previews anew: a cut value can't be found in them.

    Gives the traces that are still there, with their key.
    """
    renewed = {}
    for start in range(0, len(traces), _TOGETHER):
        some = traces[start : start + _TOGETHER]
        stored = await read_messages(conn, [instead.get(i, i) for trace in some for i in held_ids(trace)])
        for trace in some:
            row = update(TRACE).where(_T.id == trace["id"]).values(_renewed(trace, stored, instead))
            if (await conn.execute(row)).rowcount:
                renewed[trace["id"]] = trace["key_id"]
    return renewed


def _renewed(trace: Any, stored: dict[int, Row], instead: dict[int, int]) -> dict[str, Any]:
    ids = [instead.get(i, i) for i in from_text(trace["message_ids"])]
    shown = [RedactedMessage(role=stored[i]["role"], parts=stored[i]["parts"]) for i in ids if i in stored]
    tools_id = instead.get(trace["tools_id"], trace["tools_id"])
    shortened = previews(shown[: trace["inputs"]], shown[trace["inputs"] :])
    return {**shortened, "message_ids": to_text(ids), "tools_id": tools_id}
