from __future__ import annotations

import asyncio
import os
import signal

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.running import free_port
from tests.unit.store.builders import SECRET
from transom.admin.server import DEMO_NOTICE, notice, serve
from transom.config import Provider, Settings


async def test_it_serves_until_sigterm(settings: Settings, empty_db: AsyncEngine):
    port = free_port()
    running = asyncio.create_task(serve(settings.model_copy(update={"admin_port": port}), SECRET))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with asyncio.timeout(10):
            while not await alive(client):
                await asyncio.sleep(0)
        assert "server" not in (await client.get("/health/live")).headers
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await running


async def alive(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/live")).status_code == 200
    except httpx.ConnectError:
        return False


def test_the_demo_provider_is_named_where_it_answers(settings: Settings):
    assert notice(settings) is None
    demo = {"demo": Provider(base_url="http://127.0.0.1:9")}
    assert notice(settings.model_copy(update={"providers": demo, "default_provider": "demo"})) == DEMO_NOTICE
