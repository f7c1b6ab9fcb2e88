"""Sessions of those who name none: who sends a stored conversation again, and more, goes on with it.

Two recorders change rows in one order, so that neither waits for the other in a circle. Where the second turns of two
conversations that began alike are stored by both at the same instant, both may be taken for the same conversation's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.secret import Secret
from transom.store.bulk import insert_many, one_of
from transom.store.dialect import is_sqlite
from transom.store.history import History, Reply, read_history
from transom.store.messages import Digests
from transom.store.models import CHAIN, TRACE
from transom.store.rows import first_id, fit_id, to_text
from transom.types import DAY_NS, RedactedExchange

_C, _T = CHAIN.c, TRACE.c


@dataclass(slots=True)
class _Turn:
    """A row of `chain`: a turn that left a digest, `open` until another follows it there. New rows have no number."""

    number: int | None
    project_id: str
    key_id: str | None
    digest: str
    trace_id: str
    session: str
    open: bool = True


_Left = dict[str, list[_Turn]]
"""The turns by the digests that they left."""


async def infer_sessions(
    conn: AsyncConnection, exchanges: Sequence[RedactedExchange], digests: Mapping[str, Digests], secret: Secret
) -> list[RedactedExchange]:
    """The exchanges of a batch; those that go on with a conversation, or begin one, have its session. Call it first.

    `digests` are those of each exchange's messages, by its id. A session is named by its first trace, which gets it
    when the second comes. What the next turns need is stored.
    """
    histories = {e.id: h for e in exchanges if e.session_id is None and (h := read_history(e, digests[e.id], secret))}
    new = await _not_stored(conn, [e for e in exchanges if e.id in histories])
    left = await _turns_before(conn, [histories[e.id] for e in new])
    sessions, followed = _follow(new, histories, left)
    firsts = {turn.trace_id for turn in followed if turn.trace_id == turn.session}
    await _name_first(conn, firsts - sessions.keys())
    await _close(conn, {turn.number for turn in followed if turn.number is not None})
    await _keep(conn, [turn for turns in left.values() for turn in turns if turn.number is None])
    named = {trace_id: s for trace_id, s in sessions.items() if s != trace_id or trace_id in firsts}
    return [_in_session(e, named[e.id]) if e.id in named else e for e in exchanges]


def _in_session(exchange: RedactedExchange, session_id: str) -> RedactedExchange:
    return msgspec.structs.replace(exchange, session_id=session_id, session_inferred=True)


def _follow(
    exchanges: Sequence[RedactedExchange], histories: Mapping[str, History], left: _Left
) -> tuple[dict[str, str], list[_Turn]]:
    """The session of each exchange, its own id where it follows none; and the turns that are followed.

    The exchanges are in the order of their time. Each adds to `left` what it leaves, and may be followed itself.
    """
    sessions: dict[str, str] = {}
    followed: list[_Turn] = []
    for exchange in exchanges:
        history = histories[exchange.id]
        before = _turn_before(history, left, first_id(exchange.started_at - DAY_NS))
        if before:
            before.open = False
            followed.append(before)
        session = sessions[exchange.id] = before.session if before else exchange.id
        owner = exchange.project_id, fit_id(exchange.key_id)
        for digest in history.leaves:
            left.setdefault(digest, []).append(_Turn(None, *owner, digest, exchange.id, session))
    return sessions, followed


async def _not_stored(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> list[RedactedExchange]:
    """Those that are new, in the order of their time."""
    if not exchanges:
        return []
    found = await conn.execute(select(_T.id).where(one_of(conn, _T.id, [e.id for e in exchanges])))
    stored = set(found.scalars())
    return sorted((e for e in exchanges if e.id not in stored), key=lambda e: (e.started_at, e.id))


async def _turns_before(conn: AsyncConnection, histories: Sequence[History]) -> _Left:
    """The stored turns that these, in order, may follow. Older ones are looked up only where the last isn't found."""
    left = await _find(conn, {digest for history in histories for digest in history.last_turn()})
    known, older = set(left), set[str]()
    for history in histories:
        if known.isdisjoint(history.last_turn()):
            older.update(digest for reply in history.older() for digest in reply.digests())
        known.update(history.leaves)
    return left | await _find(conn, older - left.keys())


async def _find(conn: AsyncConnection, digests: set[str]) -> _Left:
    """Stored turns: at most 8 that left the same digest, the open ones first, then the newest."""
    if not digests:
        return {}
    wanted = sorted(digests)
    query, value = (_SQLITE_FIND, to_text(wanted)) if is_sqlite(conn) else (_POSTGRESQL_FIND, wanted)
    left: _Left = {}
    for row in (await conn.exec_driver_sql(query, (value,))).mappings():
        left.setdefault(row["digest"], []).append(_Turn(**row))
    return left


_SQLITE_FIND = """SELECT c.number, c.project_id, c.key_id, c.digest, c.trace_id, c.session, c.open
FROM json_each(?) AS wanted JOIN chain AS c ON c.number IN
(SELECT number FROM chain WHERE digest = wanted.value ORDER BY open DESC, trace_id DESC LIMIT 8)"""
_POSTGRESQL_FIND = """SELECT c.number, c.project_id, c.key_id, c.digest, c.trace_id, c.session, c.open
FROM unnest($1::text[]) AS wanted (digest) CROSS JOIN LATERAL
(SELECT * FROM chain WHERE digest = wanted.digest ORDER BY open DESC, trace_id DESC LIMIT 8) AS c"""


def _turn_before(history: History, left: _Left, recent: str) -> _Turn | None:
    """The turn that this one follows, or None where there is none, or where it could be of several conversations.

    The newest part of its history that is known counts. `recent` is the lowest id that counts where little is known.
    """
    if turns := left.get(history.previous or ""):
        return _newest(turns)
    if history.newest is None:
        return None
    found = _last_turn(history.newest, left, recent)
    if found or not left.keys().isdisjoint(history.last_turn()):
        return found
    return next((turn for reply in history.older() if (turn := _turn_with(reply, left, recent))), None)


def _last_turn(reply: Reply, left: _Left, recent: str) -> _Turn | None:
    """The turn that ended with this reply: of conversations alike so far, the newest that waits for its next turn."""
    waiting = [turn for turn in left.get(reply.whole, []) if turn.open]
    if waiting and not reply.weak:
        return _newest(waiting)
    return _only(_since(recent, waiting)) or _turn_with(reply, left, recent)


def _turn_with(reply: Reply, left: _Left, recent: str) -> _Turn | None:
    """The newest turn that had this reply, if it can only be of one conversation."""
    whole = left.get(reply.whole, [])
    return _only(_since(recent, whole) if reply.weak else whole) or _only(
        _since(recent, left.get(reply.alone or "", []))
    )


def _since(recent: str, turns: Sequence[_Turn]) -> list[_Turn]:
    return [turn for turn in turns if turn.trace_id >= recent]


def _only(turns: Sequence[_Turn]) -> _Turn | None:
    """The newest turn, if all are of one conversation."""
    return _newest(turns) if len({turn.session for turn in turns}) == 1 else None


def _newest(turns: Sequence[_Turn]) -> _Turn:
    return max(turns, key=lambda turn: turn.trace_id)


async def _name_first(conn: AsyncConnection, trace_ids: set[str]) -> None:
    """Give stored traces the sessions that they have turned out to begin."""
    if trace_ids:
        unnamed = select(_T.id).where(one_of(conn, _T.id, sorted(trace_ids)), _T.session_id.is_(None))
        named = update(TRACE).where(_T.id.in_(unnamed.order_by(_T.id).with_for_update()))
        await conn.execute(named.values(session_id=_T.id, session_source="inferred"))


async def _close(conn: AsyncConnection, numbers: set[int]) -> None:
    """Note that the turns of these rows are followed."""
    if numbers:
        row = update(CHAIN).where(_C.number == bindparam("row"), _C.open == true()).values(open=False)
        await conn.execute(row, [{"row": number} for number in sorted(numbers)])


async def _keep(conn: AsyncConnection, turns: Sequence[_Turn]) -> None:
    names = ("project_id", "key_id", "digest", "trace_id", "session", "open")
    await insert_many(conn, CHAIN, [{name: getattr(turn, name) for name in names} for turn in turns])


async def forget_chains(conn: AsyncConnection, trace_ids: Sequence[str]) -> None:
    """Delete what is known of the conversations of these traces. Call it when they are deleted."""
    await conn.execute(delete(CHAIN).where(one_of(conn, _C.trace_id, trace_ids)))


async def forget_old_chains(conn: AsyncConnection, before_ns: int) -> None:
    """Delete what nobody will come back to: the chains of traces begun before then (Unix nanoseconds)."""
    await conn.execute(delete(CHAIN).where(_C.trace_id < first_id(before_ns)))
