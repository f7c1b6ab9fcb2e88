"""What is sent carries every canary, and a gateway that can't take it is told with what to do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.providers.recorded import serving
from tests.running import free_port
from transom.prove.canary import make
from transom.prove.traffic import Unfinished, canaries_of, send

CANARIES = canaries_of(make(["EMAIL_ADDRESS", "PERSON", "CREDIT_CARD"]))


@asynccontextmanager
async def gateway(status: int = 200) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Takes everything, and keeps what it got."""
    got: list[dict[str, Any]] = []

    async def take(request: Request) -> Response:
        body = await request.body()
        got.append({"path": str(request.url), "headers": dict(request.headers), "body": body.decode()})
        own = {"x-transom-trace-id": f"trace-{len(got)}", "x-transom-feedback-token": "token"}
        wanted = 202 if "/feedback/" in request.url.path else 400 if "canary-error" in body.decode() else 200
        return JSONResponse({"feedback_id": "fb_1"}, wanted if status == 200 else status, own)

    with serving(Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])) as address:
        yield address, got


async def test_every_canary_travels_in_its_carrier():
    async with gateway() as (address, got):
        sent = await send(address, "secret-token", CANARIES)
    assert sent == ("trace-1", "trace-2", "trace-3", "trace-4", "fb_1")
    everything = "\n".join(f"{one['path']} {json.dumps(one['headers'])} {one['body']}" for one in got)
    for canary in CANARIES.said:
        assert everything.count(canary.value) >= 10, canary.kind
    for carrier, canary in CANARIES.carried.items():
        assert canary.value in everything.replace("%40", "@"), carrier
    assert all(one["headers"]["authorization"] == "Bearer secret-token" for one in got)


async def test_a_canary_for_each_carrier_where_mail_addresses_are_claimed():
    assert len({canary.value for canary in CANARIES.all}) == len(CANARIES.said) + len(CANARIES.carried) == 11
    assert canaries_of(make(["PERSON"])).carried == {}


@pytest.mark.parametrize(
    ("status", "advice"), [(404, "the same main secret"), (500, "answered a canary with 500 and not with 200")]
)
async def test_a_gateway_that_refuses(status: int, advice: str):
    async with gateway(status) as (address, _):
        with pytest.raises(Unfinished, match=advice):
            await send(address, "t", CANARIES)


async def test_no_gateway_at_all():
    with pytest.raises(Unfinished, match=r"no gateway answers at .*ConnectError.*: start it"):
        await send(f"http://127.0.0.1:{free_port()}", "t", CANARIES)
