from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.seeds import BENGALI, CHAT, FAILED, HOSTILE, HOSTILE_TRACE, TOOLS, UNKNOWN, seeded_id
from transom.admin import schema
from transom.store.completeness import completeness
from transom.store.proofs import Found, Proof, keep_proof
from transom.store.read import get_trace, list_feedback, list_traces
from transom.store.sessions import list_sessions
from transom.store.stats import stats


async def get(rest: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await rest.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(rest: httpx.AsyncClient, **params: Any) -> list[str]:
    return [row["id"] for row in (await get(rest, "traces", **params))["data"]]


async def test_traces_come_newest_first_page_by_page(rest: httpx.AsyncClient):
    seen: list[str] = []
    cursor = None
    while True:
        page = await get(rest, "traces", limit=30, **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 67
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"q": "receipt order"}, [TOOLS]),
        ({"q": "অর্ডারটি"}, [BENGALI]),
        ({"model": HOSTILE}, [HOSTILE_TRACE]),
        ({"provider": "anthropic"}, [TOOLS]),
        ({"outcome": "metadata_only"}, [UNKNOWN]),
        ({"status": "error"}, [HOSTILE_TRACE, FAILED]),
        ({"session_id": "support-42"}, [CHAT]),
        ({"user_id": "user-7"}, [CHAT]),
        ({"app": "helpdesk"}, [CHAT]),
        ({"tag": "eu"}, [CHAT]),
        ({"feedback": "up"}, [CHAT]),
        ({"feedback": "down"}, [TOOLS]),
        ({"min_cost_usd": "1"}, [TOOLS]),
        ({"until": "2020-01-01T00:00:00Z"}, []),
    ],
)
async def test_filters(rest: httpx.AsyncClient, params: dict[str, str], found: list[int]):
    assert await ids(rest, **params) == [seeded_id(number) for number in found]


async def test_a_time_without_a_zone_is_utc(rest: httpx.AsyncClient):
    since = (datetime.now(UTC) - timedelta(minutes=10, seconds=30)).replace(tzinfo=None).isoformat()
    assert len(await ids(rest, since=since)) == 16


async def test_a_trace_is_whole(rest: httpx.AsyncClient):
    trace = await get(rest, f"traces/{seeded_id(CHAT)}")
    assert trace["cost_usd"] == "0.000123"
    assert datetime.fromisoformat(trace["started_at"]).tzinfo == UTC
    assert [message["role"] for message in trace["input_messages"]] == ["system", "user"]
    assert [remark["entity"] for remark in trace["remarks"][:3]] == ["PERSON", "PERSON", "EMAIL_ADDRESS"]
    assert trace["feedback"][0]["comment"] == "Quick and friendly."
    assert trace["metadata"] == {"release": "2026.11", "experiment": {"arm": "b"}}


async def test_unknown_is_null(rest: httpx.AsyncClient):
    trace = await get(rest, f"traces/{seeded_id(UNKNOWN)}")
    assert trace["input_tokens"] is trace["cost_usd"] is trace["ttft_ms"] is trace["usage_source"] is None


async def test_the_answers_have_every_field_that_the_store_gives(rest: httpx.AsyncClient, db: AsyncEngine):
    async with db.connect() as conn:
        stored = [
            (schema.TraceRow, (await list_traces(conn)).rows[0]),
            (schema.Trace, await get_trace(conn, seeded_id(CHAT))),
            (schema.Session, (await list_sessions(conn)).rows[0]),
            (schema.Feedback, (await list_feedback(conn)).rows[0]),
            (schema.Stats, await stats(conn, 0, 2**62)),
            (schema.Completeness, await completeness(conn)),
        ]
    for model, row in stored:
        assert row is not None
        assert set(row) == set(model.model_fields)


async def test_sessions(rest: httpx.AsyncClient):
    page = await get(rest, "sessions", limit=2)
    assert [row["session_id"] for row in page["data"]] == [HOSTILE, "বাংলা-১"]
    following = await get(rest, "sessions", cursor=page["next_cursor"])
    assert following["data"][0]["session_id"] == "support-43"


async def test_feedback(rest: httpx.AsyncClient):
    page = await get(rest, "feedback", limit=2)
    rest_of_it = await get(rest, "feedback", cursor=page["next_cursor"])
    assert {row["id"] for row in page["data"] + rest_of_it["data"]} == {"fb_1", "fb_2", "fb_3"}
    pending = await get(rest, "feedback", status="pending", name="user_feedback")
    assert [row["id"] for row in pending["data"]] == ["fb_3"]


async def test_stats_are_of_the_last_day_unless_said_otherwise(rest: httpx.AsyncClient):
    found = await get(rest, "stats")
    assert (found["requests"], found["step_s"]) == (68, 3600)
    assert found["outcomes"]["metadata_only:unknown_operation"] == 1
    assert {row["model"] for row in found["by_model"]} >= {"gpt-5", None}
    long_ago = await get(rest, "stats", since="2020-01-01", until="2020-01-02T00:00:00Z")
    assert (long_ago["requests"], long_ago["latency_p50_ms"]) == (0, None)


async def test_completeness_adds_up(rest: httpx.AsyncClient):
    went = await get(rest, "completeness")
    parts = ("stored", "metadata_only", "dropped", "in_flight", "unaccounted")
    assert went["begun"] == sum(went[part] for part in parts) == 70
    assert went["reasons"] == {"stored": 66, "metadata_only:unknown_operation": 1, "dropped:unreadable": 1}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("traces", {"modle": "typo"}),
        ("traces", {"limit": 0}),
        ("traces", {"limit": 201}),
        ("traces", {"model": "\x00"}),
        ("sessions", {"cursor": "\x00"}),
        ("feedback", {"cursor": "nonsense"}),
        ("feedback", {"cursor": "9999999999999999999.x"}),
        ("stats", {"since": "2026-01-02", "until": "2026-01-01"}),
        ("stats", {"until": "0001-01-01"}),
    ],
)
async def test_what_makes_no_sense_is_refused(rest: httpx.AsyncClient, path: str, params: dict[str, str]):
    assert (await rest.get(f"/api/v1/{path}", params=params)).status_code == 422


@pytest.mark.parametrize("path", ["traces/nope", "nope"])
async def test_what_is_not_there_is_404_in_json(rest: httpx.AsyncClient, path: str):
    answer = await rest.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}


async def test_proofs_are_listed(rest: httpx.AsyncClient, db: AsyncEngine):
    assert await get(rest, "proofs") == {"data": [], "next_cursor": None}
    for at in (10**18, 2 * 10**18):
        found = [Found("PERSON", "spool")] if at > 10**18 else []
        async with db.begin() as conn:
            await keep_proof(conn, Proof(at=at, profile="logs", kinds=["PERSON"], places={"spool": 7}, found=found))
    newest = await get(rest, "proofs", limit=1)
    assert newest["data"] == [
        {
            "number": 2,
            "at": "2033-05-18T03:33:20.000000Z",
            "profile": "logs",
            "holds": False,
            "kinds": ["PERSON"],
            "places": {"spool": 7},
            "found": [{"kind": "PERSON", "place": "spool"}],
            "bytes_searched": 7,
        }
    ]
    older = await get(rest, "proofs", cursor=newest["next_cursor"])
    assert [row["holds"] for row in older["data"]] == [True]
