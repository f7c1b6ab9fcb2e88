"""The client for everything but the relay: bounded in time, and it goes nowhere it wasn't sent."""

from __future__ import annotations

import httpx

from transom.httpclient import TIMEOUT, async_client


async def test_it_knows_its_base_headers_and_limits():
    async with async_client("http://provider.example/v1", {"authorization": "Bearer x"}) as client:
        assert str(client.base_url) == "http://provider.example/v1/"
        assert client.headers["authorization"] == "Bearer x"
        assert client.timeout == TIMEOUT
    assert None not in (TIMEOUT.connect, TIMEOUT.read, TIMEOUT.write, TIMEOUT.pool)


async def test_it_follows_no_redirect():
    async with async_client("http://provider.example") as client:
        client._transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": "http://evil"}))
        client._mounts = {}
        assert (await client.get("/")).status_code == 302
