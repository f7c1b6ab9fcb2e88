from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.conftest import browser
from tests.unit.store.builders import SECRET
from transom.admin.app import create_app
from transom.admin.security import is_loopback
from transom.config import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/api/v1/traces", "/metrics", "/health/live"])
async def test_every_response_is_secured_and_kept_out_of_caches(client: httpx.AsyncClient, path: str):
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_static_files_may_be_kept_for_good_and_missing_ones_not(client: httpx.AsyncClient):
    assert "immutable" in (await client.get("/static/transom.css")).headers["cache-control"]
    assert (await client.get("/static/nothing.css")).headers["cache-control"] == "no-store"


async def test_even_a_failure_is_secured(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(app.state.admin.access.__class__, "session")
    async with browser(app, raise_app_exceptions=False) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CSP
    assert "AttributeError" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4001", "localhost:4001", "[::1]:4001", "a.localhost"])
def test_names_of_this_machine(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "evil.test", "127.0.0.1.evil.test", "localhost.evil.test:4001", "[", "10.0.0.1"])
def test_other_names(host: str):
    assert not is_loopback(host)


async def test_a_rebound_name_is_turned_away(client: httpx.AsyncClient):
    answer = await client.get("/login", headers={"host": "evil.test:4001"})
    assert answer.status_code == 421
    assert answer.headers["content-security-policy"] == CSP


async def test_beyond_loopback_any_name_is_good(settings: Settings, db: AsyncEngine):
    app = create_app(settings.model_copy(update={"admin_host": "0.0.0.0"}), SECRET, db)
    async with browser(app) as client:
        assert (await client.get("/login", headers={"host": "admin.test"})).status_code == 200
