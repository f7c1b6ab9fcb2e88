from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db import sqlite_template
from tests.unit.admin.seeds import seed
from tests.unit.store.builders import SECRET
from transom.admin.app import create_app
from transom.config import Provider, Route, Settings
from transom.store.engine import connect

__all__ = ["sqlite_template"]

TOKEN = "the-admin-token-of-tests"


@pytest.fixture(scope="session")
def seeded_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("seeded") / "transom.db"))

    async def fill() -> None:
        db = connect(f"sqlite:///{path}")
        await seed(db)
        await db.dispose()

    asyncio.run(fill())
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path,
        admin_token=SecretStr(TOKEN),
        providers={"inhouse": Provider(base_url="http://127.0.0.1:9")},
        routes={"fast": Route(provider="inhouse")},
    )


@pytest.fixture
async def empty_db(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A migrated database with nothing in it."""
    db = connect(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'empty.db')}")
    yield db
    await db.dispose()


@pytest.fixture
async def db(seeded_template: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database with the seeds in it."""
    db = connect(f"sqlite:///{shutil.copy(seeded_template, tmp_path / 'seeded.db')}")
    yield db
    await db.dispose()


@pytest.fixture
def app(settings: Settings, db: AsyncEngine) -> FastAPI:
    return create_app(settings, SECRET, db, "Answers come from the demo provider.")


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has not logged in."""
    async with browser(app) as client:
        yield client


@pytest.fixture
async def inside(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser that has logged in."""
    await log_in(client)
    return client


@pytest.fixture
async def rest(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the REST with the token."""
    async with browser(app) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        yield client


def browser(app: FastAPI, raise_app_exceptions: bool = True) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4001")


def form_token(page: str) -> str:
    """The form token in a page."""
    return page.partition('name="form_token" value="')[2].partition('"')[0]


async def log_in(client: httpx.AsyncClient, token: str = TOKEN, **fields: str) -> httpx.Response:
    form = (await client.get("/login")).text
    return await client.post("/login", data={"form_token": form_token(form), "token": token, **fields})
