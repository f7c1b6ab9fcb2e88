"""Personal data planted everywhere it can travel, and searched for everywhere it could be left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.providers.recorded import serving
from tests.running import Running, running

pytestmark = pytest.mark.slow

PLACES = (
    "prompt",
    "system",
    "answer",
    "streamed",
    "arguments",
    "result",
    "error",
    "header",
    "query",
    "session",
    "user",
    "tag",
    "metadata",
    "comment",
    "correction",
    "label",
    "author",
    "model",
    "tool",
    "completion",
    "embedding",
    "path",
)


def planted(place: str) -> list[str]:
    """Values of several kinds, different ones for each place, so that a find tells where it came from."""
    number = PLACES.index(place)
    return [
        f"{place}.holloway{number}@example.com",
        f"+1 415 555 {1000 + number}",
        "sk" + f"-proj-{place.upper()}{number:04}" + "aZ19" * 6,
    ]


def words(place: str) -> str:
    mail, phone, secret = planted(place)
    return f"Write to {mail} or call {phone}; the key is {secret}."


def arguments(place: str) -> str:
    mail, phone, secret = planted(place)
    return json.dumps({"to": mail, "phones": [phone], "auth": {"key": secret}})


async def chat(request: Request) -> Response:
    body = await request.json()
    if body["messages"][-1]["content"] == "fail":
        return JSONResponse({"error": {"message": words("error"), "type": "bad", "code": None, "param": None}}, 400)
    if body.get("stream"):
        return StreamingResponse(_stream(), media_type="text/event-stream")
    call = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": arguments("arguments")}}
    message = {"role": "assistant", "content": words("answer"), "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return JSONResponse({"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]})


async def _stream() -> Any:
    text = words("streamed")
    for start in range(0, len(text), 3):
        delta = {"index": 0, "delta": {"content": text[start : start + 3]}, "finish_reason": None}
        yield f"data: {json.dumps({'id': 'chatcmpl-2', 'model': 'm', 'choices': [delta]})}\n\n"
    yield "data: [DONE]\n\n"


async def anything(request: Request) -> Response:
    return JSONResponse({"detail": words("error")}, 404)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/{path:path}", anything, methods=["GET", "POST"]),
    ]
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {"TRANSOM_DEFAULT_PROVIDER": "leaky", "TRANSOM_LOG_LEVEL": "debug"}
    with serving(app) as base_url:
        settings["TRANSOM_PROVIDERS__LEAKY__BASE_URL"] = base_url
        with running(tmp_path_factory.mktemp("planted"), **settings) as it:
            yield it


@pytest.fixture(scope="module")
def trace_ids(server: Running) -> list[str]:
    """Traffic with something planted in every place, all of it recorded."""
    headers = {
        "authorization": "Bearer " + planted("header")[2],
        "x-transom-session": planted("session")[0],
        "x-transom-user": planted("user")[0],
        "x-transom-tags": f"support,{planted('tag')[0]}",
        "x-transom-metadata": json.dumps({"customer": planted("metadata")[0], "n": [planted("metadata")[1]]}),
        "x-request-id": planted("header")[0],
        "cookie": f"session={planted('header')[2]}",
        "x-custom": words("header"),
    }
    tool = {"type": "function", "function": {"name": "send", "description": words("tool"), "parameters": {}}}
    history = [
        {"role": "system", "content": words("system")},
        {"role": "user", "content": [{"type": "text", "text": words("prompt")}]},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments("arguments")}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": arguments("result")},
        {"role": "user", "content": "go on"},
    ]
    body = {"model": planted("model")[0], "messages": history, "tools": [tool], "user": planted("user")[0]}
    query = {"email": planted("query")[0], "key": planted("query")[2]}
    replies = []
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=60) as client:
        replies.append(client.post("/v1/chat/completions", json=body, params=query))
        replies.append(client.post("/v1/chat/completions", json=body | {"stream": True}))
        failing = body | {"messages": [*history[:2], {"role": "user", "content": "fail"}]}
        replies.append(client.post("/v1/chat/completions", json=failing))
        replies.append(client.post("/v1/completions", json={"model": "m", "prompt": words("completion")}))
        replies.append(client.post("/v1/embeddings", json={"model": "m", "input": [words("embedding")]}))
        replies.append(client.get(f"/v1/files/{planted('path')[0]}", params=query))
        replies.append(
            client.post(
                "/v1/chat/completions", content=words("prompt").encode(), headers={"content-type": "application/json"}
            )
        )
        ids = [reply.headers["x-transom-trace-id"] for reply in replies[:-1]]
        said = {
            "id": ids[0],
            "rating": "down",
            "comment": words("comment"),
            "correction": words("correction"),
            "labels": [planted("label")[0]],
            "user": planted("author")[0],
        }
        assert client.post("/v1/feedback", json=said).status_code == 202
    server.wait_for_outcomes(len(replies))
    for ident in ids:
        server.wait_for_trace(ident)
    return ids


def leaks(content: bytes) -> list[str]:
    """What of all that was planted stands in these bytes, raw or as JSON writes it."""
    return [value for place in PLACES for value in planted(place) if value.encode() in content]


def test_the_traffic_was_stored_with_its_content(server: Running, trace_ids: list[str]):
    trace = server.trace(trace_ids[0])
    assert trace
    assert trace["outcome"] == "stored"
    shown = json.dumps(trace)
    assert "<EMAIL_ADDRESS:" in shown
    assert "Write to " in shown


def test_nothing_raw_is_in_the_data_folder(server: Running, trace_ids: list[str]):
    searched = 0
    for path in server.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            searched += len(content)
            assert leaks(content) == [], path.name
    assert searched > 10_000
    assert (server.data / "transom.db-wal").exists(), "the write-ahead log was searched too"


def test_nothing_raw_is_in_the_logs_or_the_metrics(server: Running, trace_ids: list[str]):
    assert leaks(server.log.read_bytes()) == []
    assert leaks(server.admin("/metrics").content) == []


def test_nothing_raw_is_on_the_pages_or_in_rest(server: Running, trace_ids: list[str]):
    paths = ["/api/v1/traces", "/api/v1/sessions", "/api/v1/feedback", "/api/v1/stats", "/api/v1/completeness"]
    paths += [f"/api/v1/traces/{ident}" for ident in trace_ids]
    for path in paths:
        answer = server.admin(path)
        assert answer.status_code == 200
        assert leaks(answer.content) == [], path


def test_the_same_user_has_the_same_name_everywhere(server: Running, trace_ids: list[str]):
    users = {(server.trace(ident) or {})["user_id"] for ident in trace_ids[:3]}
    assert len(users) == 1
    assert users != {planted("user")[0]}


def test_the_temporary_folder_is_clean(server: Running, trace_ids: list[str]):
    own = Path(server.log.parent)
    assert leaks(b"".join(p.read_bytes() for p in own.rglob("*") if p.is_file() and p.suffix != ".py")) == []
