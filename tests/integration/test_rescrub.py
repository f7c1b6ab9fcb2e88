"""A worker that dies while it redacts again what is stored, and recorders that store meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db import postgres, postgres_db, postgres_url
from tests.running import environment
from tests.unit.store.builders import exchange, rows, say, trace_id, write
from tests.unit.store.rescrub.taught import TAG, VALUE, begin, everything, rule_row, work
from transom.redact.taught import digest_of_value
from transom.secret import load_secret
from transom.store.deletion import delete_traces
from transom.store.engine import connect, migrate
from transom.store.models import MESSAGE, SESSION_MESSAGE, TRACE
from transom.store.rescrub import BATCH
from transom.store.rows import from_text
from transom.types import TaughtRule

__all__ = ["postgres", "postgres_db", "postgres_url"]

pytestmark = pytest.mark.slow


def worker(data: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "transom", "worker", "--data", str(data)]
    env = environment(TRANSOM_PROOF__DAILY="false")
    return subprocess.Popen(command, env=env, cwd=data.parent, stderr=subprocess.DEVNULL)


async def reached(db: AsyncEngine, done: Any) -> dict[str, Any]:
    """The rule's row, once it is as wanted."""
    async with asyncio.timeout(120):
        while not done(row := await rule_row(db)):
            await asyncio.sleep(0.01)
    return row


async def test_a_worker_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    secret = load_secret(data, None)
    db = connect(f"sqlite:///{data / 'transom.db'}")
    await migrate(db)
    for start in range(0, 20 * BATCH, BATCH):
        said = (say("user", f"{n} for {VALUE}") for n in range(start, start + BATCH))
        await write(db, *(exchange(start + n, input_messages=[one]) for n, one in enumerate(said)))
    digest, words = digest_of_value(secret.placeholders("default"), VALUE)
    rule = TaughtRule(id="r1", project_id="default", kind="missed", entity="PERSON", words=words, digest=digest)
    await begin(db, rule)
    first = worker(data)
    await reached(db, lambda row: row["position"] not in ("", "0"))
    first.kill()
    first.wait(30)
    row = await rule_row(db)
    assert row["passes"] == 0 and 0 < row["messages"] < 20 * BATCH
    async with db.begin() as conn:
        await conn.execute(text("UPDATE job SET run_at = 0 WHERE state = 'running'"))
    second = worker(data)
    row = await reached(db, lambda row: row["passes"])
    second.terminate()
    second.wait(30)
    assert row["messages"] == 20 * BATCH
    assert VALUE not in await everything(db)
    await db.dispose()
    for path in data.rglob("*"):
        assert path.is_dir() or VALUE.encode() not in path.read_bytes(), path.name


async def patiently(action: Any, *args: Any, **kwargs: Any) -> None:
    """As recorder and worker do: it is done again after a deadlock, or when what it is about has just gone."""
    while True:
        try:
            await action(*args, **kwargs)
            return
        except DBAPIError as error:
            assert getattr(error.orig, "sqlstate", None) in ("40P01", "23503")


async def test_recorders_that_store_meanwhile_lose_nothing(postgres_db: AsyncEngine) -> None:
    """They store what they redacted before they knew of the rule, and after it; retention takes some of it away."""
    raw = [say("user", f"{n} for {VALUE}") for n in range(20)]
    redacted = [say("user", f"{n} for {TAG}") for n in range(20)]

    async def record(recorder: int, messages: list[Any]) -> None:
        for turn in range(20):
            number = recorder * 100 + turn
            one = exchange(number, session_id=f"s{turn % 3}", input_messages=messages[: turn + 1])
            await patiently(write, postgres_db, one, recorder=f"host-{recorder}")

    async def delete_some() -> None:
        for number in range(100, 110):
            await patiently(delete_traces, postgres_db, [trace_id(number)])
            await asyncio.sleep(0)

    await record(1, raw)
    await begin(postgres_db)
    await asyncio.gather(record(2, raw), record(3, redacted), patiently(work, postgres_db), delete_some())
    await work(postgres_db)
    assert VALUE not in await everything(postgres_db)
    traces = await rows(postgres_db, TRACE)
    assert len(traces) == 50
    ids = {row["id"] for row in await rows(postgres_db, MESSAGE)}
    assert {row["message_id"] for row in await rows(postgres_db, SESSION_MESSAGE)} == ids
    assert {message for trace in traces for message in from_text(trace["message_ids"])} == ids
