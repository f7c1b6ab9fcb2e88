"""Erases what belongs to a person, a session or a trace: at once what is stored, and what is still on its way later."""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.secret import Secret
from transom.store import audit, jobs
from transom.store.archive.erase import erase_from_archive
from transom.store.compact import compact
from transom.store.completeness import completeness
from transom.store.deletion import BATCH, delete_traces
from transom.store.dialect import writing
from transom.store.entities import traces_holding
from transom.store.models import FEEDBACK, JOB, TRACE
from transom.store.pace import giving_way
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT

KIND = "erase"
"""Of the jobs that repeat an erasure."""

AGAIN_S = 60
REPEATED_NS = 3600 * 10**9
"""As long, and as long as a recorder lags behind, an erasure is repeated: what was in a spool has arrived by then."""

LONGEST_NS = 7 * 86_400 * 10**9
"""A recorder that has been away for longer is not waited for."""

_T, _F = TRACE.c, FEEDBACK.c


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which traces: those begun from `since` to before `before` with one of the values given for each column.

    Values are as the store holds them. `project_id` None means all projects. With an `entity_hash`, only those whose
    content holds the value with it.
    """

    before: int
    since: int = 0
    project_id: str | None = None
    failed: bool | None = None
    one_of: dict[str, list[str]] = {}
    entity_hash: bytes | None = None

    def of_nothing_but(self, *columns: str) -> bool:
        """Whether it names these columns, the first of them surely, and nothing else."""
        more = self.failed is not None or self.entity_hash is not None
        return columns[0] in self.one_of and self.one_of.keys() <= set(columns) and not more


class _Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """What to erase once more, and which line of the audit log tells of it.

    Jobs hold it sealed (AES-256-GCM): it has an id as its caller gave it, which nothing else may keep.
    """

    target: Target
    audit: int
    asked_at: int
    times: int = 0


async def erase(db: AsyncEngine, target: Target, entry: audit.Entry, secret: Secret) -> int:
    """Erase, and see to it that it is repeated; gives how many traces went. `entry` tells of it in the audit log.

    With the traces go their feedback and the messages that no other trace holds; with a user, a session or a trace
    named alone, also what it said, or what was said of it, in feedback that waits or is about others' traces. Should
    this process die halfway, the job goes on with it.
    """
    repeat = _Repeat(target=target, audit=0, asked_at=time.time_ns())
    async with writing(db) as conn:
        repeat = msgspec.structs.replace(repeat, audit=await audit.note(conn, entry))
        await _enqueue(conn, repeat, secret, delay_s=0)
    return await _erase(db, target, repeat.audit)


async def erase_again(db: AsyncEngine, job: jobs.Job, archive: Path | None, secret: Secret) -> None:
    """Do a job: erase what has arrived since, take the bytes out of the files, and go on until nothing can come.

    The first and the last time, the archive is searched too. What names the person is taken out of the job when done.
    Raises cryptography's InvalidTag where the secret is not that of the admin process.
    """
    if not job.payload:
        return
    repeat = _open(secret, job.payload["sealed"])
    last = await is_settled(db, repeat.asked_at)
    await _erase(db, repeat.target, repeat.audit)
    if archive and (last or repeat.times == 0) and repeat.target.entity_hash is None:
        found = await erase_from_archive(archive, repeat.target)
        async with writing(db) as conn:
            await audit.add(conn, repeat.audit, 0, found)
    async with writing(db) as conn:
        if not last:
            again = msgspec.structs.replace(repeat, times=repeat.times + 1)
            await _enqueue(conn, again, secret, delay_s=AGAIN_S)
        await conn.execute(update(JOB).where(JOB.c.id == job.id).values(payload="{}"))
    await compact(db)


async def _enqueue(conn: AsyncConnection, repeat: _Repeat, secret: Secret, delay_s: float) -> None:
    payload = {"sealed": _seal(secret, repeat)}
    dedupe = f"{repeat.audit} {repeat.times}"
    project_id = repeat.target.project_id or DEFAULT_PROJECT
    await jobs.enqueue(conn, KIND, payload, project_id, ANONYMOUS_KEY, dedupe=dedupe, delay_s=delay_s)


def _seal(secret: Secret, repeat: _Repeat) -> str:
    nonce = os.urandom(12)
    return b64encode(nonce + AESGCM(secret.erasures).encrypt(nonce, msgspec.json.encode(repeat), None)).decode()


def _open(secret: Secret, sealed: str) -> _Repeat:
    raw = b64decode(sealed)
    return msgspec.json.decode(AESGCM(secret.erasures).decrypt(raw[:12], raw[12:], None), type=_Repeat)


async def is_settled(db: AsyncEngine, asked_at: int) -> bool:
    """Whether all that was begun before then (Unix nanoseconds) must have been stored by now."""
    age = time.time_ns() - asked_at
    async with db.connect() as conn:
        lag_ns = (await completeness(conn))["lag_s"] * 1e9
    return age - lag_ns > REPEATED_NS or age > LONGEST_NS


async def _erase(db: AsyncEngine, target: Target, audit_number: int) -> int:
    erased = 0
    wanted = select(_T.id).where(_matching(target)).limit(BATCH)
    while True:
        async with db.connect() as conn:
            ids = list((await conn.execute(wanted)).scalars())
        if not ids:
            break
        async with giving_way(), writing(db) as conn:
            gone = await delete_traces(conn, ids)
            await audit.add(conn, audit_number, gone, {})
        erased += gone
    async with writing(db) as conn:
        feedback = await _erase_feedback(conn, target)
        if feedback:
            await audit.add(conn, audit_number, 0, {"feedback": feedback})
    return erased


def _matching(target: Target) -> ColumnElement[bool]:
    conditions = [_T.started_at >= target.since, _T.started_at < target.before]
    conditions += [_T[name].in_(values) for name, values in target.one_of.items()]
    if target.project_id is not None:
        conditions.append(_T.project_id == target.project_id)
    if target.failed is not None:
        conditions.append(_T.failed == target.failed)
    if target.entity_hash is not None:
        conditions.append(_T.id.in_(traces_holding(target.entity_hash)))
    return and_(*conditions)


async def _erase_feedback(conn: AsyncConnection, target: Target) -> int:
    """Delete the feedback that is the target's own, wherever it stands; gives how many rows."""
    own = _own_feedback(target)
    if not own:
        return 0
    conditions = [or_(*own), _F.created_at >= target.since, _F.created_at < target.before]
    if target.project_id is not None:
        conditions.append(_F.project_id == target.project_id)
    if "key_id" in target.one_of:
        conditions.append(_F.key_id.in_(target.one_of["key_id"]))
    return int((await conn.execute(delete(FEEDBACK).where(*conditions))).rowcount)


def _own_feedback(target: Target) -> Sequence[ColumnElement[bool]]:
    if target.of_nothing_but("user_id"):
        return [_F.author.in_(target.one_of["user_id"])]
    if target.of_nothing_but("session_id", "key_id"):
        return [and_(_F.target == "session", _F.target_id.in_(target.one_of["session_id"]))]
    if target.of_nothing_but("id"):
        return [and_(_F.target == "response", _F.target_id.in_(target.one_of["id"]))]
    return []
