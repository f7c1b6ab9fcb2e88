"""What was stored before a rule is redacted by it, wherever it stands, however often the work is cut off."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import conversation, exchange, feedback, rows, say, trace_id, write
from tests.unit.store.rescrub.taught import RULE_OF_VALUE, TAG, VALUE, begin, everything, rule_row, scrubber, work
from transom.redact.scrub import Scrubber
from transom.store import erasure
from transom.store.dialect import writing
from transom.store.models import AUDIT, JOB, MESSAGE, TRACE
from transom.store.read import TraceFilter, get_trace, list_traces
from transom.store.rescrub import feedback as of_feedback
from transom.store.rescrub import job as module
from transom.store.rescrub import messages, traces
from transom.store.rules import end_rule, get_rule
from transom.types import TaughtRule


def everywhere(number: int) -> Any:
    """An exchange that holds the value wherever it can."""
    return exchange(
        number,
        session_id=f"session of {VALUE}",
        user_id=VALUE,
        app=VALUE.lower().replace(" ", "_"),
        tags=[f"for {VALUE}"],
        metadata={"who": VALUE, VALUE: 1},
        params={"stop": [VALUE]},
        error_message=f'{{"error": "no {VALUE}"}}',
        client_request_id=VALUE,
        input_messages=[say("user", f"I am {VALUE.upper()}, hello {number}", name=VALUE)],
        output_messages=[say("assistant", f"hello, {VALUE}!")],
        tools=[{"type": "function", "function": {"name": "find", "description": f"finds {VALUE}"}}],
    )


async def test_the_value_is_gone_from_everywhere(db: AsyncEngine) -> None:
    said = feedback(f"session of {VALUE}", target="session", author=VALUE, comment=f"{VALUE} again", labels=[VALUE])
    await write(db, everywhere(1), everywhere(2), said)
    assert "quintessa" in (await everything(db)).lower()
    await begin(db)
    assert await work(db)
    assert "quintessa" not in (await everything(db)).lower()
    async with db.connect() as conn:
        trace = await get_trace(conn, trace_id(2))
    assert trace is not None
    assert trace["input_messages"][0]["parts"][0]["content"] == f"I am {TAG}, hello 2"
    assert trace["input_preview"] == f"I am {TAG}, hello 2"
    assert [r["recognizer"] for r in trace["remarks"]] == ["taught", "taught"]
    assert (trace["user_id"], trace["session_id"]) == (TAG, f"session of {TAG}")
    assert [said["comment"] for said in trace["feedback"]] == [f"{TAG} again"]


async def test_what_was_found_by_its_words_is_found_by_the_rest_of_them(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", f"parcel for {VALUE}")]))
    await begin(db)
    await work(db)
    async with db.connect() as conn:
        found = [len((await list_traces(conn, TraceFilter(q=q))).rows) for q in ("quintessa", "parcel", "person")]
    assert found == [0, 1, 1]


async def test_others_content_stays_as_it_is(db: AsyncEngine) -> None:
    others = [
        exchange(1),
        exchange(2, project_id="other", input_messages=[say("user", VALUE)]),
        exchange(3, input_messages=[say("user", "Quintessa and Vandermolen")]),
    ]
    await write(db, *others)
    before = await rows(db, MESSAGE), await rows(db, TRACE)
    await begin(db)
    await work(db)
    assert (await rows(db, MESSAGE), await rows(db, TRACE)) == before


async def test_it_counts_what_it_changed(db: AsyncEngine) -> None:
    chat = conversation(2)
    chat[0] = exchange(1, session_id="s", input_messages=[say("user", f"for {VALUE}")])
    chat[1] = exchange(2, session_id="s", input_messages=[say("user", f"for {VALUE}"), say("user", f"{VALUE}?")])
    await write(db, *chat, exchange(3), feedback(trace_id(3), comment=VALUE))
    await begin(db)
    await work(db)
    async with db.connect() as conn:
        shown = await get_rule(conn, "default", RULE_OF_VALUE.id)
    assert shown is not None
    progress = shown["rescrub"]
    assert {name: progress[name] for name in ("messages", "traces", "feedback", "passes")} == {
        "messages": 2,
        "traces": 2,
        "feedback": 1,
        "passes": 1,
    }
    (line,) = await rows(db, AUDIT)
    assert (line["action"], line["actor"], line["traces"]) == ("rescrub", "admin token", 2)
    assert line["detail"] == '{"rule":"r1","messages":2,"feedback":1}'


async def test_it_goes_on_where_it_was_cut_off(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (messages, traces, of_feedback):
        monkeypatch.setattr(part, "BATCH", 2)
    await write(db, *(exchange(n, input_messages=[say("user", f"{n} {VALUE}")], user_id=VALUE) for n in range(5)))

    class Dying:
        looked_at = 0

        def __init__(self, _: TaughtRule) -> None:
            self.inner = scrubber()

        def message(self, message: Any) -> Any:
            Dying.looked_at += 1
            if Dying.looked_at in (2, 6, 7):
                raise KeyboardInterrupt
            return self.inner.message(message)

        def value(self, value: Any) -> Any:
            return self.inner.value(value)

    await begin(db)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            await work(db, Dying)  # type: ignore[arg-type]
    row = await rule_row(db)
    assert row["stage"] == "messages" and row["position"] != "" and 0 < row["messages"] < 5
    assert await work(db, Dying)  # type: ignore[arg-type]
    assert "Quintessa" not in await everything(db)
    row = await rule_row(db)
    assert (row["messages"], row["passes"]) == (5, 1)
    (line,) = await rows(db, AUDIT)
    assert line["traces"] == 5


async def test_two_workers_take_turns(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BATCH", 2)
    await write(db, *(exchange(n, input_messages=[say("user", f"{n} {VALUE}")]) for n in range(6)))
    await begin(db)
    both = [module._Work(db, RULE_OF_VALUE, scrubber(), module_secret()) for _ in range(2)]
    while any([await one.step() for one in both]):
        pass
    assert (await rule_row(db))["messages"] == 6
    assert "Quintessa" not in await everything(db)


def module_secret() -> Any:
    from tests.unit.store.builders import SECRET

    return SECRET


async def test_what_arrives_redacted_without_the_rule_is_redacted_by_the_next_pass(
    db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(db)
    await work(db)
    await write(db, exchange(1, input_messages=[say("user", VALUE)]))
    assert (await rule_row(db))["stage"] == "messages"
    await work(db)
    assert "Quintessa" not in await everything(db)
    later = time.time_ns() + erasure.REPEATED_NS + 1
    monkeypatch.setattr(erasure.time, "time_ns", lambda: later)
    await work(db)
    row = await rule_row(db)
    assert (row["stage"], row["passes"]) == (module.DONE, 3) and row["finished_at"]
    assert not await work(db)


async def test_a_long_job_leaves_the_rest_to_the_next(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE_S", 0.0)
    await write(db, exchange(1, input_messages=[say("user", VALUE)]))
    await begin(db)
    slices = 0
    while (await rule_row(db))["passes"] == 0:
        assert await work(db)
        slices += 1
    assert slices > 1
    assert "Quintessa" not in await everything(db)


async def test_an_ended_rule_is_not_gone_on_with(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", VALUE)]))
    await begin(db)
    async with writing(db) as conn:
        assert await end_rule(conn, "default", RULE_OF_VALUE.id)
    assert await work(db)
    assert not await work(db)
    assert "Quintessa" in await everything(db)


async def test_no_job_and_no_line_of_the_log_holds_the_value(db: AsyncEngine) -> None:
    await begin(db)
    kept = repr([await rows(db, table) for table in (JOB, AUDIT)]) + repr(await rule_row(db))
    assert "quintessa" not in kept.lower()


async def test_the_files_hold_the_value_nowhere(sqlite_url: str, tmp_path: Path) -> None:
    from transom.store.engine import connect

    db = connect(sqlite_url)
    await write(db, *(everywhere(n) for n in range(20)))
    await begin(db)
    await work(db)
    await db.dispose()
    sqlite3.connect(tmp_path / "transom.db").close()
    for path in tmp_path.iterdir():
        assert b"quintessa" not in path.read_bytes().lower(), path.name


def test_the_scrubber_is_one() -> None:
    from transom.store.rescrub import Scrubber as Wanted

    one: Wanted = scrubber()
    assert isinstance(one, Scrubber)
