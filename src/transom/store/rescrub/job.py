"""The job that redacts again what is stored: a batch a transaction, which also notes how far it is.

So it goes on where it was cut off, and two workers at once take turns. It begins anew a minute later, for what was
redacted before redaction knew of the rule, and once more when all of that must have been stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.secret import Secret
from transom.store import audit, jobs
from transom.store.bulk import insert_many
from transom.store.compact import compact
from transom.store.dialect import lock_linking, writing
from transom.store.erasure import is_settled
from transom.store.models import RESCRUBBED, RULE
from transom.store.pace import giving_way
from transom.store.rescrub import Scrubber, feedback, messages, traces
from transom.store.rules import read_rule
from transom.types import ANONYMOUS_KEY, TaughtRule

KIND = "rescrub"
SLICE_S = 60.0
"""A job works as long, well within its lease, and leaves the rest to the next."""

AGAIN_S = (60.0, 3600.0)
"""After the first pass, and after each later one."""

FEWEST_PASSES = 2
STAGES = ("messages", "traces", "feedback")
DONE = "done"

_R = RULE.c


async def begin(conn: AsyncConnection, rule: TaughtRule, actor: str) -> None:
    """Have the store redacted again by a rule that was just added; a line of the audit log tells of it."""
    entry = audit.Entry(actor=actor, action="rescrub", project_id=rule.project_id, detail={"rule": rule.id})
    number = await audit.note(conn, entry)
    row = update(RULE).where(_R.id == rule.id).values(stage=STAGES[0], audit=number)
    await conn.execute(row)
    await _enqueue(conn, rule, 0, 0)


async def _enqueue(conn: AsyncConnection, rule: TaughtRule, number: int, delay_s: float) -> None:
    payload = {"rule": rule.id, "number": number}
    dedupe = f"{rule.id} {number}"
    await jobs.enqueue(conn, KIND, payload, rule.project_id, ANONYMOUS_KEY, dedupe=dedupe, delay_s=delay_s)


async def rescrub(
    db: AsyncEngine, job: jobs.Job, scrubber_of: Callable[[TaughtRule], Scrubber], secret: Secret
) -> None:
    """Do a job: go on for some time, and leave the rest to the next job. Ends where the rule has ended."""
    async with db.connect() as conn:
        rule = await read_rule(conn, job.payload["rule"])
    if rule is None:
        return
    work = _Work(db, rule, scrubber_of(rule), secret)
    until = time.monotonic() + SLICE_S
    while (more := await work.step()) and time.monotonic() < until:
        pass
    delay_s = 0.0 if more else await work.end_pass()
    if delay_s is not None:
        async with writing(db) as conn:
            await _enqueue(conn, rule, job.payload["number"] + 1, delay_s)


@dataclass(frozen=True, slots=True)
class _Work:
    """The work on one rule."""

    db: AsyncEngine
    rule: TaughtRule
    scrubber: Scrubber
    secret: Secret

    async def step(self) -> bool:
        """A batch of the stage that the work has come to. False behind the last."""
        async with self.db.connect() as conn:
            at = await self._progress(conn)
            if at["stage"] not in STAGES:
                return False
            read = {"messages": messages.read, "traces": traces.read, "feedback": feedback.read}[at["stage"]]
            position, changes = await read(conn, self.rule.project_id, at["position"], self.scrubber)
        async with giving_way(), writing(self.db) as conn:
            await lock_linking(conn, exclusive=True)  # recorders lock the same rows in another order
            if await self._advance(conn, at, position) and changes:
                await self._apply(conn, at, changes)
        return position is not None or at["stage"] != STAGES[-1]

    async def _progress(self, conn: AsyncConnection) -> RowMapping:
        columns = (_R.stage, _R.position, _R.passes, _R.messages, _R.feedback, _R.audit, _R.created_at)
        return (await conn.execute(select(*columns).where(_R.id == self.rule.id))).mappings().one()

    async def _advance(self, conn: AsyncConnection, at: RowMapping, position: str | None) -> bool:
        """Note the position, or the next stage. False if another worker has done this batch meanwhile."""
        stage = at["stage"]
        if position is None:
            stage, position = (*STAGES, "")[STAGES.index(stage) + 1], ""
        same = [_R[name] == at[name] for name in ("stage", "position", "passes")]
        row = update(RULE).where(_R.id == self.rule.id, *same).values(stage=stage, position=position)
        return bool((await conn.execute(row)).rowcount)

    async def _apply(self, conn: AsyncConnection, at: RowMapping, changes: Any) -> None:
        """Change the rows of a batch, and count them."""
        rows, touched, project_id = 0, dict[str, str](), self.rule.project_id
        if at["stage"] == "messages":
            rows, touched = await messages.apply(conn, project_id, changes, self.secret)
        elif at["stage"] == "traces":
            touched = await traces.apply(conn, project_id, changes)
        else:
            rows = await feedback.apply(conn, changes)
        more = {} if at["stage"] == "traces" else {at["stage"]: rows}
        await audit.add(conn, at["audit"], await self._note(conn, touched), more)
        if more:
            counted = {name: _R[name] + count for name, count in more.items()}
            await conn.execute(update(RULE).where(_R.id == self.rule.id).values(counted))

    async def _note(self, conn: AsyncConnection, touched: Mapping[str, str]) -> int:
        """Remember the traces; gives how many are new."""
        owner = {"project_id": self.rule.project_id, "rule_id": self.rule.id}
        rows = [{**owner, "key_id": key_id, "trace_id": trace_id} for trace_id, key_id in sorted(touched.items())]
        return await insert_many(conn, RESCRUBBED, rows)

    async def end_pass(self) -> float | None:
        """Take the bytes out of the files; gives how long to wait before the next pass, or None after the last."""
        await compact(self.db)
        async with self.db.connect() as conn:
            at = await self._progress(conn)
        if at["stage"] == DONE:
            return None
        passes = at["passes"] + 1
        last = passes >= FEWEST_PASSES and await is_settled(self.db, at["created_at"])
        values: dict[str, Any] = {"passes": passes, "stage": DONE if last else STAGES[0], "position": ""}
        if last:
            values["finished_at"] = time.time_ns()
        same = [_R[name] == at[name] for name in ("stage", "passes")]
        async with writing(self.db) as conn:
            await conn.execute(update(RULE).where(_R.id == self.rule.id, *same).values(values))
        return None if last else AGAIN_S[min(passes, len(AGAIN_S)) - 1]
