from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.conftest import TOKEN, browser
from tests.unit.admin.seeds import CHAT, TOOLS, seeded_id
from tests.unit.store.builders import SECRET, exchange, trace_id, write
from transom.admin.app import create_app
from transom.config import Redaction, Settings
from transom.redact.redactor import Redactor
from transom.store.models import JOB, TRACE

EMAIL = "ann@example.com"


async def count(db: AsyncEngine) -> int:
    async with db.connect() as conn:
        return int((await conn.execute(select(func.count()).select_from(TRACE))).scalar_one())


async def erased(rest: httpx.AsyncClient, path: str, **query: str) -> int:
    answer = await rest.delete(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"traces"}
    return int(answer.json()["traces"])


async def test_a_trace(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    before = await count(db)
    assert await erased(rest, f"traces/{seeded_id(CHAT)}") == 1
    assert (await rest.get(f"/api/v1/traces/{seeded_id(CHAT)}")).status_code == 404
    assert await erased(rest, f"traces/{seeded_id(CHAT)}") == 0
    assert await count(db) == before - 1


async def test_a_session_of_one_caller_or_of_all(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    assert await erased(rest, "sessions/support-43", key_id="k_2") == 0
    assert await erased(rest, "sessions/support-43", key_id="k_1") == 1
    assert await erased(rest, "sessions/support-42") == 1
    assert await erased(rest, "sessions/support-42", project_id="other") == 0
    ids = {row["id"] for row in (await rest.get("/api/v1/traces?limit=200")).json()["data"]}
    assert ids.isdisjoint({seeded_id(CHAT), seeded_id(TOOLS)})


@pytest.mark.parametrize("user_id", ["user-7", EMAIL, "team/ann", "আনিকা", "a b?c#d%2F"])
@pytest.mark.parametrize("ids", ["keep", "hash"])
async def test_a_user_by_the_id_that_apps_send(
    rest: httpx.AsyncClient, db: AsyncEngine, user_id: str, ids: str
) -> None:
    redactor = Redactor(Settings(redaction=Redaction(profile="fast", ids=ids)), SECRET)
    stored = redactor.redact_id(user_id, "user")
    await write(db, exchange(1, user_id=stored), exchange(2, user_id=redactor.redact_id("someone else", "user")))
    await erased(rest, f"users/{quote(user_id, safe='')}")
    assert (await rest.get(f"/api/v1/traces/{trace_id(1)}")).status_code == 404
    assert (await rest.get(f"/api/v1/traces/{trace_id(2)}")).status_code == 200


async def test_by_filters(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    before = await count(db)
    listed = (await rest.get("/api/v1/traces", params={"model": "gpt-5", "limit": 200})).json()["data"]
    wanted = [row for row in listed if row["session_id"] == "chat-3"]
    assert await erased(rest, "traces", model="gpt-5", session_id="chat-3") == len(wanted) > 0
    hour_ago = datetime.now(UTC) - timedelta(minutes=30)
    rows = (await rest.get("/api/v1/traces", params={"until": hour_ago.isoformat(), "limit": 200})).json()["data"]
    assert await erased(rest, "traces", until=hour_ago.isoformat()) == len(rows) > 0
    failed = (await rest.get("/api/v1/traces", params={"status": "error", "limit": 200})).json()["data"]
    assert await erased(rest, "traces", status="error", until="2100-01-01T00:00:00Z") == len(failed) > 0
    assert await count(db) == before - len(wanted) - len(rows) - len(failed)


@pytest.mark.parametrize(
    "query", ["", "project_id=default", "q=hello", "min_cost_usd=1", "nonsense=1", "until=soon", "status=odd"]
)
async def test_what_would_erase_all_or_cannot_be_meant_is_refused(
    rest: httpx.AsyncClient, db: AsyncEngine, query: str
) -> None:
    before = await count(db)
    assert (await rest.delete(f"/api/v1/traces?{query}")).status_code == 422
    assert await count(db) == before


async def test_an_id_that_is_stored_as_others_are_is_refused(settings: Settings, db: AsyncEngine) -> None:
    plain = settings.model_copy(update={"redaction": Redaction(placeholders="plain")})
    async with browser(create_app(plain, SECRET, db)) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        answer = await client.delete(f"/api/v1/users/{EMAIL}")
        assert answer.status_code == 422
        assert "<EMAIL_ADDRESS>" in answer.json()["detail"]
        assert (await client.delete("/api/v1/users/user-7")).json() == {"traces": 1}


async def test_it_is_repeated_for_what_begun_before(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await erased(rest, "users/ann", project_id="p")
    async with db.connect() as conn:
        (job,) = (await conn.execute(select(JOB).where(JOB.c.kind == "erase"))).mappings()
    assert (job["project_id"], job["state"]) == ("p", "ready")
    assert job["run_at"] <= time.time_ns()


@pytest.mark.parametrize("path", ["traces?model=a", "traces/x", "users/x", "sessions/x"])
async def test_it_needs_the_token(app: FastAPI, inside: httpx.AsyncClient, path: str) -> None:
    assert (await inside.delete(f"/api/v1/{path}")).status_code == 401
