from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, begun, exchange, feedback, rows, say, trace_id, write
from transom.store.models import MESSAGE, PROJECT, ROLLUP, SESSION_MESSAGE, SPOOL_POSITION, TRACE
from transom.store.read import get_trace
from transom.store.write import PositionAdvance, PositionConflict, write_batch
from transom.types import Attempt, Cost, Remark, Usage, metadata_only

TABLES = [table for table in TRACE.metadata.sorted_tables if table is not PROJECT]


def advance(expected: str, position: str, **fields: Any) -> PositionAdvance:
    return PositionAdvance(writer_id="w1", expected=expected, position=position, **{"begun": begun(9), **fields})


async def test_a_written_exchange_reads_back_as_it_was(db: AsyncEngine) -> None:
    remark = Remark(entity="PERSON", start=3, end=16, recognizer="names", message=1, path=[0, "content"])
    written = exchange(
        1,
        session_id="s",
        tags=["a", "b"],
        metadata={"plan": "pro"},
        attempts=[Attempt(provider="openai", status=200, error=None, duration_ms=12.5)],
        params={"temperature": 0},
        tools=[{"type": "function", "name": "look_up"}],
        finish_reasons=["stop"],
        input_messages=[say("system", "be brief"), say("user", "hi <PERSON:k7qx>", remarks=[remark])],
    )
    result = await write(db, written)
    assert result.traces == [written.id]
    async with db.connect() as conn:
        trace = await get_trace(conn, written.id)
    assert trace is not None
    for name in ("id", "project_id", "key_id", "started_at", "provider", "model", "status_code", "tags", "metadata"):
        assert trace[name] == getattr(written, name)
    assert [m["parts"][0]["content"] for m in trace["input_messages"]] == ["be brief", "hi <PERSON:k7qx>"]
    assert trace["output_messages"] == [
        {"role": "assistant", "parts": [{"type": "text", "content": "answer 1"}], "name": None, "finish_reason": "stop"}
    ]
    assert trace["tools"] == written.tools
    assert trace["remarks"] == [
        {"entity": "PERSON", "start": 3, "end": 16, "recognizer": "names", "message": 1, "path": [0, "content"]}
    ]
    assert trace["attempts"] == [
        {"provider": "openai", "status": 200, "error": None, "duration_ms": 12.5, "model": None}
    ]
    assert (trace["outcome"], trace["outcome_reason"], trace["ended"]) == ("stored", None, "complete")
    assert (trace["input_tokens"], trace["output_tokens"], trace["cached_input_tokens"]) == (100, 20, None)
    assert (trace["cost_usd"], trace["price_version"], trace["billed"]) == ("0.0000025", "2026-11", True)
    assert (trace["input_preview"], trace["output_preview"]) == ("hi <PERSON:k7qx>", "answer 1")


async def test_metadata_only_keeps_its_reason_and_no_messages(db: AsyncEngine) -> None:
    await write(db, exchange(1, outcome=metadata_only("redaction_failed"), input_messages=[], output_messages=[]))
    (trace,) = await rows(db, TRACE)
    assert (trace["outcome"], trace["outcome_reason"]) == ("metadata_only", "redaction_failed")
    assert await rows(db, MESSAGE) == []


async def test_the_same_batch_twice_changes_nothing(db: AsyncEngine) -> None:
    batch = [exchange(n, session_id="s", request_id=f"r{n}") for n in range(5)] + [feedback("r3")]
    await write(db, *batch)
    before = [await rows(db, table) for table in TABLES]
    again = await write(db, *batch)
    assert again.traces == []
    assert [await rows(db, table) for table in TABLES] == before


async def test_a_batch_that_holds_an_exchange_twice_stores_it_once(db: AsyncEngine) -> None:
    written = await write(db, exchange(1), exchange(1))
    assert written.traces == [trace_id(1)]
    assert sum(row["requests"] for row in await rows(db, ROLLUP) if row["step"] == 60) == 1


async def test_a_resent_history_is_kept_once(db: AsyncEngine) -> None:
    first = exchange(1, session_id="s")
    history = [*first.input_messages, *first.output_messages, say("user", "and then?")]
    await write(db, first)
    await write(db, exchange(2, session_id="s", input_messages=history))
    assert len(await rows(db, MESSAGE)) == 4
    held = await rows(db, SESSION_MESSAGE)
    assert [(row["trace_id"], row["last_trace_id"]) for row in held] == [
        (trace_id(1), trace_id(2)),
        (trace_id(1), trace_id(2)),
        (trace_id(2), trace_id(2)),
        (trace_id(2), trace_id(2)),
    ]


async def test_equal_messages_of_two_keys_are_not_linked(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2, key_id="k_2", input_messages=exchange(1).input_messages))
    stored = await rows(db, MESSAGE)
    same = [row for row in stored if "question 1" in row["parts"]]
    assert {row["key_id"] for row in same} == {"k_1", "k_2"}
    assert same[0]["digest"] != same[1]["digest"]


async def test_the_position_moves_with_the_batch(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("1:0:0", "1:50:1"))
    await write(db, exchange(2), advance=advance("1:50:1", "1:90:2"))
    (row,) = await rows(db, SPOOL_POSITION)
    assert (row["position"], row["host"], row["closed"]) == ("1:90:2", "host-1", False)


async def test_a_position_somebody_else_moved_stops_the_whole_batch(db: AsyncEngine) -> None:
    await write(db, exchange(1), advance=advance("1:0:0", "1:50:1"))
    before = [await rows(db, table) for table in TABLES]
    with pytest.raises(PositionConflict, match="w1"):
        await write(db, exchange(2), feedback("x"), advance=advance("1:0:0", "1:70:1"))
    assert [await rows(db, table) for table in TABLES] == before


async def test_a_batch_takes_part_in_the_callers_transaction(db: AsyncEngine) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with db.begin() as conn:
            await write_batch(conn, [exchange(1)], [], "host-1", SECRET, None)
            raise RuntimeError("changed my mind")
    assert await rows(db, TRACE) == []


async def test_values_that_no_column_holds_cost_no_trace(db: AsyncEngine) -> None:
    long = "s" * 9_000
    usage, cost = Usage(input_tokens=10**30, output_tokens=5, source="provider"), Cost(10**30, "v")
    await write(db, exchange(1, session_id=long, model=long, usage=usage, cost=cost), feedback(long, target="session"))
    (trace,) = await rows(db, TRACE)
    assert (trace["input_tokens"], trace["output_tokens"], trace["cost"]) == (None, 5, None)
    assert len(trace["session_id"]) <= 200
    async with db.connect() as conn:
        found = await get_trace(conn, trace_id(1))
    assert found is not None and [said["status"] for said in found["feedback"]] == ["linked"]


async def test_a_project_is_made_at_its_first_trace(db: AsyncEngine) -> None:
    await write(db, exchange(1, project_id="_transom"))
    assert {row["id"] for row in await rows(db, PROJECT)} == {"default", "_transom"}
