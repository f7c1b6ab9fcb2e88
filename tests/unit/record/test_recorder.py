"""Spool in, store out: one outcome a record through failures of the store, of redaction and of the gateway."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, write
from transom.capture.exchange import Capture, Exchange, RawFeedback
from transom.config import Settings, shipped
from transom.record import books as module
from transom.record import stages as stages_module
from transom.record.books import Books
from transom.record.recorder import Recorder, StoreAway
from transom.record.stages import Stages
from transom.redact.bare import bare
from transom.redact.pool import RedactionFailed
from transom.secret import Secret
from transom.spool.format import Kind
from transom.spool.writer import SpoolWriter
from transom.store.completeness import completeness
from transom.store.engine import connect, migrate
from transom.store.read import get_trace, list_traces
from transom.types import (
    STORED,
    Cost,
    Ended,
    Miss,
    RedactedExchange,
    RedactedFeedback,
    Residual,
    Usage,
    Withdrawal,
    uuid7,
)
from transom.usage.pricing import PriceBook

KEY = b"k" * 32
SECRET = Secret(b"s" * 32)
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


class Pool:
    """Stands in for the redaction children: fails where the prompt says so."""

    async def redact(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        prompt = json.dumps([message.parts for message in exchange.input_messages])
        for reason in ("redaction_timeout", "redaction_crashed"):
            if reason in prompt:
                raise RedactionFailed(reason)
        return bare(exchange, usage, cost, STORED, SECRET)

    async def redact_feedback(self, raw: RawFeedback) -> RedactedFeedback:
        return msgspec.convert(msgspec.to_builtins(raw), RedactedFeedback)


class World:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = Settings(data=root)
        self.engine: AsyncEngine = connect(self.settings.database)
        self.writer = self.new_writer()

    def new_writer(self) -> SpoolWriter:
        return SpoolWriter(self.root / "spool", self.root / "writers", KEY, 10**6, 10**9)

    def put(self, prompt: str = "Hi", **changes: Any) -> str:
        capture = make_capture(prompt, **changes)
        payload = msgspec.msgpack.encode(capture)
        self.writer.append(Kind.EXCHANGE, self.writer.begin(capture.started_at), capture.started_at, payload)
        return capture.id

    @property
    def recorder(self) -> Recorder:
        stages = Stages(PriceBook.load(shipped("prices.json")), Pool(), SECRET)  # type: ignore[arg-type]
        books = Books(self.engine, "host-1", SECRET)
        return Recorder(self.settings.spool_dir, self.root / "writers", [KEY], books, stages)

    async def record(self, outlive_writers: bool = False) -> None:
        stop = asyncio.Event()
        stop.set()
        async with asyncio.timeout(20):
            await self.recorder.run(stop, outlive_writers)

    async def trace(self, ident: str) -> dict[str, Any] | None:
        async with self.engine.connect() as conn:
            return await get_trace(conn, ident)

    async def books(self) -> dict[str, Any]:
        async with self.engine.connect() as conn:
            return await completeness(conn)


def make_capture(prompt: str, **changes: Any) -> Capture:
    request = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    capture = Capture(
        id=uuid7(),
        project_id="default",
        key_id="k_1",
        started_at=1_700_000_000 * 10**9,
        method="POST",
        path="/v1/chat/completions",
        query="",
        provider="openai",
        route=None,
        otel_span_id="1" * 16,
        request_headers=[("content-type", "application/json")],
        request_body=json.dumps(request).encode(),
        status=200,
        response_headers=[("content-type", "application/json")],
        response_body=json.dumps(ANSWER).encode(),
        ended=Ended.COMPLETE,
        latency_ns=5 * 10**6,
        ttft_ns=4 * 10**6,
        overhead_ns=10**5,
    )
    return msgspec.structs.replace(capture, **changes)


@pytest.fixture
async def world(tmp_path: Path):
    it = World(tmp_path)
    await migrate(it.engine)
    yield it
    await it.engine.dispose()


async def test_an_exchange_becomes_a_counted_and_priced_trace(world: World):
    ident = world.put()
    await world.record()
    trace = await world.trace(ident)
    assert trace
    assert (trace["outcome"], trace["ended"], trace["model"]) == ("stored", "complete", "gpt-4o-mini")
    assert (trace["input_tokens"], trace["output_tokens"], trace["usage_source"]) == (9, 3, "provider")
    assert trace["cost_usd"] == "0.00000315"
    assert (trace["latency_ms"], trace["ttft_ms"], trace["overhead_ms"]) == (5.0, 4.0, 0.1)


async def test_nothing_is_recorded_twice_by_a_recorder_that_starts_again(world: World):
    ids = [world.put() for _ in range(5)]
    await world.record()
    await world.record()
    more = world.put()
    await world.record()
    async with world.engine.connect() as conn:
        page = await list_traces(conn)
    assert sorted(row["id"] for row in page.rows) == sorted([*ids, more])
    assert (await world.books())["stored"] == 6


async def test_failed_redaction_leaves_metadata_only(world: World):
    ids = {reason: world.put(f"please: {reason}") for reason in ("redaction_timeout", "redaction_crashed")}
    good = world.put()
    await world.record()
    for reason, ident in ids.items():
        trace = await world.trace(ident)
        assert trace
        assert (trace["outcome"], trace["outcome_reason"]) == ("metadata_only", reason)
        assert trace["input_messages"] == trace["output_messages"] == []
        assert trace["input_tokens"] == 9
    assert (await world.trace(good) or {})["outcome"] == "stored"


async def test_content_the_gateway_could_not_keep_is_metadata_only(world: World):
    ident = world.put(content_lost="spool_full", request_body=b"", response_body=b"", requested_model="gpt-4o")
    await world.record()
    trace = await world.trace(ident)
    assert trace
    assert (trace["outcome"], trace["outcome_reason"]) == ("metadata_only", "spool_full")


async def test_what_a_killed_gateway_began_is_booked(world: World):
    world.put()
    world.writer.begin(time.time_ns())
    world.writer.begin(time.time_ns())
    world.writer.close()
    world.writer = world.new_writer()
    world.put()
    await world.record()
    books = await world.books()
    assert (books["begun"], books["stored"], books["dropped"], books["in_flight"]) == (4, 2, 2, 0)
    assert books["reasons"]["dropped:gateway_died"] == 2
    assert len(list((world.root / "spool").iterdir())) == 1, "the dead writer's folder is gone"


async def test_a_record_that_cannot_be_read_is_dropped_and_said(world: World):
    world.put()
    path = next(world.writer.folder.glob("*.spool"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    after = world.put()
    await world.record()
    books = await world.books()
    assert books["reasons"] == {"stored": 1, "dropped:spool_corrupt": 1}
    assert await world.trace(after)


async def test_a_store_that_is_away_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch):
    real, calls = module.write_batch, 0

    async def away_twice(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OperationalError("", {}, Exception("away"))
        return await real(*args)

    monkeypatch.setattr(module, "write_batch", away_twice)
    ident = world.put()
    await world.record()
    assert await world.trace(ident)
    assert calls == 3


async def test_one_poisonous_exchange_does_not_hold_up_the_others(world: World, monkeypatch: pytest.MonkeyPatch):
    ids = [world.put() for _ in range(7)]
    real = module.write_batch

    async def choosy(db: Any, exchanges: Any, *args: Any) -> Any:
        if any(e.id == ids[3] and e.outcome.reason is None for e in exchanges):
            raise ValueError("a row that the store refuses")
        return await real(db, exchanges, *args)

    monkeypatch.setattr(module, "write_batch", choosy)
    await world.record()
    outcomes = [(await world.trace(ident) or {})["outcome_reason"] for ident in ids]
    assert outcomes == [None, None, None, "store_refused", None, None, None]


async def test_what_was_read_again_goes_with_the_content(world: World):
    read = exchange(1, residuals=[Residual(0, "logs", "en", [Miss("PERSON", [0, "content"], 0, 8)])])
    stages = Stages(PriceBook.load(shipped("prices.json")), Pool(), SECRET)  # type: ignore[arg-type]
    bared = stages.without_content(read, "store_refused")
    assert (bared.residuals, bared.input_messages) == ([], [])
    await migrate(world.engine)
    assert (await write(world.engine, bared)).traces == [read.id]


async def test_a_commit_whose_acknowledgement_was_lost_is_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch):
    real, lost = module.write_batch, []

    async def lose_the_answer(*args: Any) -> Any:
        done = await real(*args)
        if not lost:
            lost.append(done)
            raise OperationalError("", {}, Exception("connection lost"))
        return done

    monkeypatch.setattr(module, "write_batch", lose_the_answer)
    ids = [world.put() for _ in range(3)]
    await world.record()
    assert all([await world.trace(ident) for ident in ids])
    assert (await world.books())["stored"] == 3


async def test_feedback_and_its_withdrawal_pass(world: World):
    ident = world.put()
    said = RawFeedback(
        id="fb_1",
        project_id="default",
        key_id="k_1",
        created_at=1_700_000_001 * 10**9,
        target="response",
        target_id="chatcmpl-1",
        name="user_feedback",
        author="k_1",
        score=1.0,
    )
    world.writer.append(Kind.FEEDBACK, 0, said.created_at, msgspec.msgpack.encode(said))
    await world.record()
    assert [f["score"] for f in (await world.trace(ident) or {})["feedback"]] == [1.0]
    wish = Withdrawal(feedback_id="fb_1", project_id="default", key_id="k_1", created_at=said.created_at + 1)
    world.writer.append(Kind.WITHDRAWAL, 0, wish.created_at, msgspec.msgpack.encode(wish))
    await world.record()
    assert (await world.trace(ident) or {})["feedback"] == []


async def test_it_waits_for_living_writers_only_where_their_records_would_be_lost(world: World):
    world.put()
    stop = asyncio.Event()
    stop.set()
    running = asyncio.create_task(world.recorder.run(stop, outlive_writers=True))
    ident = world.put()
    async with asyncio.timeout(20):
        while not await world.trace(ident):
            await asyncio.sleep(0.01)
        assert not running.done()
        world.writer.close()
        await running
    assert (await world.books())["in_flight"] == 0


class Away:
    """Stands in for a store that is out of reach from the start."""

    def __getattr__(self, name: str) -> Any:
        async def call(*_: Any) -> Any:
            raise OperationalError("", {}, Exception("away"))

        return call


async def test_told_to_stop_it_does_not_wait_for_ever_and_knows_what_stays_behind(world: World):
    for _ in range(3):
        world.put()
    stages = Stages(PriceBook.load(shipped("prices.json")), Pool(), SECRET)  # type: ignore[arg-type]
    recorder = Recorder(world.root / "spool", world.root / "writers", [KEY], Away(), stages)  # type: ignore[arg-type]
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(20):
        with pytest.raises(StoreAway):
            await recorder.run(stop, outlive_writers=True, patience_s=0.2)
    assert recorder.waiting() == 3


async def test_the_books_of_a_writer_that_vanished_are_closed(world: World, monkeypatch: pytest.MonkeyPatch):
    world.put()
    world.writer.begin(time.time_ns())
    await world.record()
    world.writer.close()
    shutil.rmtree(world.root / "spool")
    shutil.rmtree(world.root / "writers")
    await world.record()
    assert (await world.books())["in_flight"] == 1, "its disk may only be late"
    monkeypatch.setattr(module, "SILENT_NS", 0)
    await world.record()
    books = await world.books()
    assert (books["stored"], books["in_flight"], books["reasons"]["dropped:gateway_died"]) == (1, 0, 1)


async def test_an_exchange_that_cannot_be_understood_keeps_its_metadata(world: World, monkeypatch: pytest.MonkeyPatch):
    def break_off(capture: Capture) -> Exchange:
        if capture.request_body:
            raise ZeroDivisionError
        return real(capture)

    real = stages_module.assemble
    monkeypatch.setattr(stages_module, "assemble", break_off)
    ident = world.put()
    await world.record()
    trace = await world.trace(ident) or {}
    assert (trace["outcome"], trace["outcome_reason"]) == ("metadata_only", "recording_error")
    assert (trace["status_code"], trace["input_messages"]) == (200, [])


async def test_a_store_that_refuses_everything_is_broken_and_the_records_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(20):
        world.put()

    async def broken(*_: Any) -> Any:
        raise AttributeError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_batch", broken)
        recorder = world.recorder
        for _ in range(40):
            await recorder.step()
            await asyncio.sleep(0)
        assert recorder.waiting() == 20
        stop = asyncio.Event()
        stop.set()
        async with asyncio.timeout(20):
            with pytest.raises(StoreAway):
                await recorder.run(stop, outlive_writers=False, patience_s=0.2)
    await world.record()
    assert (await world.books())["stored"] == 20
