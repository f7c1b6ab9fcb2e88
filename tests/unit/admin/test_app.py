from __future__ import annotations

from pathlib import Path

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.conftest import TOKEN, browser, log_in
from tests.unit.store.builders import SECRET
from transom.admin.app import create_app
from transom.config import Settings
from transom.store.engine import connect


async def test_health_needs_no_token(client: httpx.AsyncClient):
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    assert (await client.get("/health/ready")).json() == {"status": "ok"}


async def test_it_is_not_ready_before_the_schema_is_there(settings: Settings, tmp_path: Path):
    db = connect(f"sqlite:///{tmp_path / 'new.db'}")
    async with browser(create_app(settings, SECRET, db)) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
    await db.dispose()


async def test_while_the_store_is_away_pages_and_rest_say_so(settings: Settings, tmp_path: Path):
    db = connect(f"sqlite:///{tmp_path / 'new.db'}")
    async with browser(create_app(settings, SECRET, db)) as client:
        await log_in(client)
        page = await client.get("/")
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "The database is away." in page.text
        bearer = {"authorization": f"Bearer {TOKEN}"}
        for path in ("/api/v1/traces", "/metrics"):
            answer = await client.get(path, headers=bearer)
            assert answer.status_code == 503
            assert answer.json()["detail"].startswith("The database is away.")
    await db.dispose()


async def test_a_server_that_cannot_be_reached_is_away(settings: Settings):
    db = connect("postgresql://nobody@127.0.0.1:1/nothing")
    async with browser(create_app(settings, SECRET, db)) as client:
        assert (await client.get("/health/ready")).status_code == 503
        await log_in(client)
        assert (await client.get("/")).status_code == 503
    await db.dispose()


async def test_without_a_notice_there_is_none(settings: Settings, empty_db: AsyncEngine):
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        assert "notice" not in (await client.get("/login")).text
