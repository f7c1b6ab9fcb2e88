from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import NOON, exchange, say, trace_id, write
from transom.store.engine import connect
from transom.store.models import TRACE
from transom.store.read import TraceFilter, filter_values, get_trace, list_traces, usd
from transom.store.rows import PREVIEW_CHARS
from transom.types import Cost, RedactedMessage, metadata_only

IN_A_LIST = [
    *("id", "project_id", "key_id", "otel_trace_id", "otel_span_id", "otel_parent_span_id", "session_id", "user_id"),
    *("app", "started_at", "provider", "route", "operation", "method", "path", "model", "response_model"),
    *("response_id", "request_id", "client_request_id", "status_code", "error_type", "error_message", "failed"),
    *("outcome", "outcome_reason", "ended", "rewrites", "attempts", "stream", "latency_ms", "ttft_ms", "overhead_ms"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("usage_source", "cost_usd", "price_version", "billed", "finish_reasons", "params", "tags", "metadata"),
    *("input_preview", "output_preview", "session_source", "content_expired_at", "names_unchecked", "feedback"),
]
IN_FULL = [*IN_A_LIST, "input_messages", "output_messages", "tools", "remarks", "scores"]


async def found(db: AsyncEngine, **wanted: Any) -> list[str]:
    async with db.connect() as conn:
        page = await list_traces(conn, TraceFilter(**wanted))
    return [row["id"] for row in page.rows]


async def test_rows_have_the_fields_of_a_trace(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    async with db.connect() as conn:
        (row,) = (await list_traces(conn)).rows
        trace = await get_trace(conn, trace_id(1))
    assert sorted(row) == sorted(IN_A_LIST)
    assert trace is not None and sorted(trace) == sorted(IN_FULL)


async def test_an_unknown_trace_is_none(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        assert await get_trace(conn, "nothing") is None


async def test_pages_follow_each_other_without_gap_or_overlap(db: AsyncEngine) -> None:
    await write(db, *(exchange(n) for n in range(7)))
    seen, cursor = [], None
    async with db.connect() as conn:
        for size in (3, 3, 1):
            page = await list_traces(conn, cursor=cursor, limit=3)
            assert len(page.rows) == size
            seen += [row["id"] for row in page.rows]
            cursor = page.next_cursor
    assert seen == [trace_id(n) for n in reversed(range(7))]
    assert cursor is None


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"model": "o9"}, {"model": "o9"}),
        ({"provider": "groq"}, {"provider": "groq"}),
        ({"route": "fast"}, {"route": "fast"}),
        ({"status_code": 429}, {"status": "error"}),
        ({"error_type": "connect_error", "status_code": None}, {"status": "error"}),
        ({"outcome": metadata_only("spool_full")}, {"outcome": "metadata_only"}),
        ({"session_id": "s"}, {"session_id": "s"}),
        ({"user_id": "u"}, {"user_id": "u"}),
        ({"app": "shop"}, {"app": "shop"}),
        ({"tags": ["x", 'say "hi"']}, {"tag": 'say "hi"'}),
        ({"cost": Cost(10**12, "v")}, {"min_cost_usd": Decimal("0.5")}),
        ({"project_id": "_transom"}, {"project_id": "_transom"}),
        ({"started_at": NOON + 5}, {"since": NOON + 5, "until": NOON + 6}),
        ({"input_messages": [say("user", "wombats")]}, {"q": "Wombats"}),
        ({"operation": "embeddings"}, {"operation": "embeddings"}),
    ],
)
async def test_a_filter_finds_what_it_names_and_nothing_else(db: AsyncEngine, fields: Any, wanted: Any) -> None:
    await write(db, exchange(1), exchange(2, **fields), exchange(3, tags=["X", "say"]))
    assert await found(db, **wanted) == [trace_id(2)]


async def test_what_is_ok_did_not_fail(db: AsyncEngine) -> None:
    await write(db, exchange(1), exchange(2, status_code=500))
    assert await found(db, status="ok") == [trace_id(1)]


async def test_filters_add_up(db: AsyncEngine) -> None:
    await write(db, exchange(1, app="a"), exchange(2, app="a", model="o9"), exchange(3, model="o9"))
    assert await found(db, app="a", model="o9") == [trace_id(2)]


async def test_previews_show_the_users_last_words_and_tool_calls(db: AsyncEngine) -> None:
    call = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Oslo"}}
    asked = [say("user", "first"), say("user", "  second\n line " + "x" * 300), say("tool", "result")]
    await write(
        db, exchange(1, input_messages=asked, output_messages=[RedactedMessage(role="assistant", parts=[call])])
    )
    async with db.connect() as conn:
        (row,) = (await list_traces(conn)).rows
    assert row["input_preview"].startswith("second line xxx") and len(row["input_preview"]) == PREVIEW_CHARS
    assert row["output_preview"] == 'weather({"city":"Oslo"})'


async def test_menus_offer_what_was_seen(db: AsyncEngine) -> None:
    await write(db, exchange(1, model="b", route="fast"), exchange(2, model="a"), exchange(3, model=None))
    async with db.connect() as conn:
        assert await filter_values(conn) == {"models": ["a", "b"], "providers": ["openai"], "routes": ["fast"]}


@pytest.mark.parametrize(
    ("picodollars", "shown"),
    [(None, None), (0, "0"), (1, "0.000000000001"), (2_500_000, "0.0000025"), (10**12, "1"), (120 * 10**12, "120")],
)
def test_money_is_shown_exactly(picodollars: int | None, shown: str | None) -> None:
    assert usd(picodollars) == shown


async def test_the_list_walks_an_index(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    async with engine.connect() as conn:
        for name, index in (("model", "trace_model"), ("session_id", "trace_session"), ("user_id", "trace_user")):
            query = TRACE.select().where(TRACE.c[name] == "x").order_by(TRACE.c.id.desc()).limit(50)
            sql = str(query.compile(engine.sync_engine, compile_kwargs={"literal_binds": True}))
            plan = " ".join(row.detail for row in await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
            assert index in plan and "TEMP B-TREE" not in plan
    await engine.dispose()
