"""The sample traffic, sent to the demo provider and a desk for thumbs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from transom.demo import provider, traffic

Seen = list[tuple[str, dict[str, str], dict[str, Any]]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """What a gateway would get: path, headers and body of each request. The answers are the demo provider's."""
    got: Seen = []

    async def thumbs(request: Request) -> JSONResponse:
        return JSONResponse({"feedback_id": "fb_1", "status": "accepted"}, 202)

    inner = Starlette(routes=[Route("/v1/feedback", thumbs, methods=["POST"]), Mount("/", provider.app)])

    async def note(request: httpx.Request) -> None:
        got.append((request.url.path, dict(request.headers), json.loads(request.content)))

    def client(base_url: str, headers: dict[str, str]) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(inner)
        hooks = {"request": [note]}
        return httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers, event_hooks=hooks)

    monkeypatch.setattr(traffic, "async_client", client)
    monkeypatch.setattr(provider, "PACE_S", 0)
    yield got


async def test_it_sends_what_was_asked_for_with_everything_the_pages_show(seen: Seen):
    said = await traffic.send("http://gateway", exchanges=150, seconds=0)
    paths = Counter(path for path, _, _ in seen)
    rated = paths.pop("/v1/feedback")
    assert said == f"{paths.total()} exchanges sent, {rated} of them rated"
    assert 150 <= paths.total() < 170
    assert set(paths) == {"/v1/chat/completions", "/v1/messages"}
    calls = [(headers, body) for path, headers, body in seen if path != "/v1/feedback"]
    for name in ("x-transom-app", "x-transom-tags", "x-transom-user", "x-transom-session"):
        assert len({headers[name] for headers, _ in calls}) > 5
    assert len({body["model"] for _, body in calls}) == 4
    assert {body.get("stream", False) for _, body in calls} == {True, False}
    assert any(body.get("transom") for _, body in calls)
    assert any(message["role"] == "tool" for _, body in calls for message in body["messages"])


async def test_thumbs_go_both_ways_and_some_say_why(seen: Seen):
    await traffic.send("http://gateway", exchanges=150, seconds=0)
    feedback = [body for path, _, body in seen if path == "/v1/feedback"]
    assert {body["rating"] for body in feedback} == {"up", "down"}
    assert any("comment" in body for body in feedback)
    assert all(body["id"].startswith(("chatcmpl-demo", "msg_demo")) for body in feedback)


async def test_a_conversation_grows_from_turn_to_turn_in_one_session(seen: Seen):
    await traffic.send("http://gateway", exchanges=60, seconds=0)
    lengths: dict[str, list[int]] = {}
    for path, headers, body in seen:
        if path != "/v1/feedback":
            lengths.setdefault(headers["x-transom-session"], []).append(len(body["messages"]))
    assert any(len(turns) > 1 for turns in lengths.values())
    assert all(turns == sorted(set(turns)) for turns in lengths.values())


async def test_without_a_gateway_it_says_so(monkeypatch: pytest.MonkeyPatch):
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def client(base_url: str, headers: dict[str, str]) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url=base_url)

    monkeypatch.setattr(traffic, "async_client", client)
    with pytest.raises(SystemExit, match="transom serve"):
        await traffic.send("http://gateway", exchanges=5, seconds=0)
