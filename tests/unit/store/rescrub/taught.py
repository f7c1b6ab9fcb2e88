"""A rule for one missed value, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, rows
from transom.redact.placeholders import Placeholders
from transom.redact.scrub import Scrubber
from transom.redact.taught import digest_of_value
from transom.store import jobs
from transom.store.dialect import writing
from transom.store.models import CHAIN, FEEDBACK, MESSAGE, RULE, SESSION_MESSAGE, TRACE
from transom.store.rescrub import job as module
from transom.store.rules import add_rule
from transom.types import TaughtRule

VALUE = "Quintessa Vandermolen"
KEY = SECRET.placeholders("default")
TAG = Placeholders(KEY).make("PERSON", VALUE)

DIGEST, WORDS = digest_of_value(KEY, VALUE)
RULE_OF_VALUE = TaughtRule(
    id="r1", project_id="default", kind="missed", entity="PERSON", words=WORDS, digest=DIGEST, text=None
)


def scrubber(rule: TaughtRule = RULE_OF_VALUE) -> Scrubber:
    return Scrubber(rule, Placeholders(SECRET.placeholders(rule.project_id)))


async def begin(db: AsyncEngine, rule: TaughtRule = RULE_OF_VALUE) -> None:
    """Add the rule, and have the store redacted again by it."""
    async with writing(db) as conn:
        await add_rule(conn, rule, "admin token")
        await module.begin(conn, rule, "admin token")


async def work(db: AsyncEngine, scrubber_of: Callable[[TaughtRule], Scrubber] = scrubber) -> bool:
    """Do the one job that waits, whenever it is due; False if there is none."""
    async with db.begin() as conn:
        await conn.execute(text("UPDATE job SET run_at = 0 WHERE state IN ('ready', 'running')"))
    for job in await jobs.claim(db, [module.KIND], 60, 1):
        await module.rescrub(db, job, scrubber_of, SECRET)
        return await jobs.complete(db, job)
    return False


async def rule_row(db: AsyncEngine) -> dict[str, Any]:
    (row,) = await rows(db, RULE)
    return row


async def everything(db: AsyncEngine) -> str:
    """All that is stored, as text."""
    return repr([await rows(db, table) for table in (TRACE, MESSAGE, SESSION_MESSAGE, FEEDBACK, CHAIN, RULE)])
