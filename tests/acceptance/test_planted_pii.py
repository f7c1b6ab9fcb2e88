"""Personal data planted everywhere it can travel, and searched for everywhere it could be left."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.providers.recorded import serving
from tests.running import Running, running, until

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
    "anthropic",
    "context",
    "torn",
)


class Planted(NamedTuple):
    """One value of each kind that is found by its form."""

    mail: str
    phone: str
    card: str
    iban: str
    ssn: str
    ip: str
    secret: str


def planted(place: str) -> Planted:
    """Values that stand in this place only, so that a find tells where it came from."""
    n = PLACES.index(place)
    return Planted(
        mail=f"{place}.holloway{n}@example.com",
        phone=f"+1 415 555 {1000 + n}",
        card=card(f"411111111111{n:03}"),
        iban=iban(f"37040044{532013000 + n:010}"),
        ssn=f"{219 + n}-09-{7000 + n}",
        ip=f"81.2.69.{100 + n}",
        secret="sk" + f"-proj-{place.upper()}{n:04}" + "aZ19" * 6,
    )


def card(digits: str) -> str:
    """A card number with its check digit (Luhn), in groups of four."""
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
    check = -sum(d // 10 + d % 10 for d in doubled) % 10
    return " ".join(re.findall("....", f"{digits}{check}"))


def iban(account: str) -> str:
    """A German IBAN with its check digits (ISO 7064, mod 97)."""
    return f"DE{98 - int(f'{account}131400') % 97:02}{account}"


def words(place: str) -> str:
    it = planted(place)
    return (
        f"Write to {it.mail} or call {it.phone}. Charge card {it.card} or IBAN {it.iban}; SSN {it.ssn}, "
        f"address {it.ip}, and the key is {it.secret}."
    )


def arguments(place: str) -> str:
    it = planted(place)
    return json.dumps({"to": it.mail, "phones": [it.phone], "auth": {"key": it.secret}, "pay": [it.card, it.iban]})


async def chat(request: Request) -> Response:
    body = await request.json()
    if body["messages"][-1]["content"] == "fail":
        return JSONResponse({"error": {"message": words("error"), "type": "bad", "code": None, "param": None}}, 400)
    if body.get("stream"):
        return StreamingResponse(stream(), media_type="text/event-stream")
    call = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": arguments("arguments")}}
    message = {"role": "assistant", "content": words("answer"), "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return JSONResponse({"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]})


async def stream() -> AsyncIterator[str]:
    text = words("streamed")
    for start in range(0, len(text), 3):
        delta = {"index": 0, "delta": {"content": text[start : start + 3]}, "finish_reason": None}
        yield f"data: {json.dumps({'id': 'chatcmpl-2', 'model': 'm', 'choices': [delta]})}\n\n"
    yield "data: [DONE]\n\n"


async def message(request: Request) -> Response:
    use = {"type": "tool_use", "id": "t1", "name": "send", "input": json.loads(arguments("anthropic"))}
    content = [{"type": "text", "text": words("anthropic")}, use]
    return JSONResponse({"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": content})


async def anything(request: Request) -> Response:
    return JSONResponse({"detail": words("error")}, 404)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/messages", message, methods=["POST"]),
        Route("/{path:path}", anything, methods=["GET", "POST"]),
    ]
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "tmp").mkdir()
    settings = {"TRANSOM_DEFAULT_PROVIDER": "leaky", "TRANSOM_LOG_LEVEL": "debug", "TMPDIR": str(folder / "tmp")}
    with serving(app) as base_url:
        settings["TRANSOM_PROVIDERS__LEAKY__BASE_URL"] = base_url
        with running(folder, **settings) as it:
            yield it


HEADERS = {
    "authorization": "Bearer " + planted("header").secret,
    "x-transom-session": planted("session").mail,
    "x-transom-user": planted("user").mail,
    "x-transom-app": planted("user").phone,
    "x-transom-tags": f"support,{planted('tag').mail},{planted('tag').ssn}",
    "x-transom-metadata": json.dumps({"customer": planted("metadata").mail, "n": [words("metadata")]}),
    "x-request-id": planted("header").mail,
    "cookie": f"session={planted('header').secret}",
    "user-agent": words("header"),
    "x-custom": words("header"),
}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments("arguments")}}
HISTORY = [
    {"role": "system", "content": words("system")},
    {"role": "user", "content": [{"type": "text", "text": words("prompt")}]},
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c", "content": arguments("result")},
    {"role": "user", "content": "go on"},
]
BODY = {
    "model": planted("model").mail,
    "messages": HISTORY,
    "tools": [{"type": "function", "function": {"name": "send", "description": words("tool"), "parameters": {}}}],
    "user": planted("user").mail,
    "transom": {"context": [words("context")]},
}
FAILING = BODY | {"messages": [*HISTORY[:2], {"role": "user", "content": "fail"}]}
QUERY = {"email": planted("query").mail, "key": planted("query").secret, "note": words("query")}
TORN = b'{"model": "m", "messages": [{"role": "user", "content": "' + words("torn").encode()


def send_all(client: httpx.Client) -> list[httpx.Response]:
    """Something in every place, in as many calls as it takes."""
    asked = {"model": "c", "max_tokens": 9, "messages": [{"role": "user", "content": words("anthropic")}]}
    return [
        client.post("/v1/chat/completions", json=BODY, params=QUERY),
        client.post("/v1/chat/completions", json=BODY | {"stream": True}),
        client.post("/v1/chat/completions", json=FAILING),
        client.post("/v1/messages", json=asked, headers={"anthropic-version": "2023-06-01"}),
        client.post("/v1/completions", json={"model": "m", "prompt": words("completion")}),
        client.post("/v1/embeddings", json={"model": "m", "input": [words("embedding")]}),
        client.get(f"/v1/files/{planted('path').mail}", params=QUERY),
        client.post(f"/{planted('path').mail}/v1/chat/completions", json=BODY),
        client.post("/v1/chat/completions", content=TORN, headers={"content-type": "application/json"}),
    ]


@pytest.fixture(scope="module")
def trace_ids(server: Running) -> list[str]:
    """The traces of all that was planted, once it is recorded."""
    with httpx.Client(base_url=server.base_url, headers=HEADERS, timeout=60) as client:
        replies = send_all(client)
        ids = [reply.headers["x-transom-trace-id"] for reply in replies if "x-transom-trace-id" in reply.headers]
        said = {
            "id": ids[0],
            "rating": "down",
            "comment": words("comment"),
            "correction": words("correction"),
            "labels": [planted("label").mail],
            "user": planted("author").mail,
        }
        assert client.post("/v1/feedback", json=said).status_code == 202
        assert client.post("/v1/feedback", json=said | {"name": "", "rating": words("comment")}).status_code == 400
    found = [path.name for path in files(server.data) if leaks(path.read_bytes())]
    assert found == [], "raw before it was redacted"
    server.wait_for_outcomes(len(replies))
    until(lambda: server.admin("/api/v1/feedback").json()["data"])
    for ident in ids:
        server.wait_for_trace(ident)
    return ids


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def leaks(content: bytes) -> list[str]:
    """What of all that was planted stands in these bytes: whole, without its spaces, or an address without its host."""
    found = []
    for place in PLACES:
        it = planted(place)
        for value in (*it, it.mail.partition("@")[0], it.phone.replace(" ", ""), it.card.replace(" ", "")):
            if re.search(rb"(?<!\d)" + re.escape(value.encode()) + rb"(?!\d)", content):
                found.append(value)
    return found


def test_the_search_finds_what_is_there():
    for place in PLACES:
        assert set(planted(place)) <= set(leaks(words(place).encode()))


def test_the_traffic_was_stored_with_its_content(server: Running, trace_ids: list[str]):
    trace = server.trace(trace_ids[0])
    assert trace
    assert trace["outcome"] == "stored"
    shown = json.dumps(trace)
    for entity in ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "SECRET"):
        assert f"<{entity}:" in shown
    assert "Write to " in shown


def test_nothing_raw_is_in_the_data_folder(server: Running, trace_ids: list[str]):
    searched = {path.name: path.read_bytes() for path in files(server.data)}
    assert {name: found for name, content in searched.items() if (found := leaks(content))} == {}
    assert {"transom.db", "transom.db-wal"} <= set(searched)
    assert sum(map(len, searched.values())) > 10_000


def test_nothing_raw_is_in_the_logs_or_in_temporary_files(server: Running, trace_ids: list[str]):
    assert leaks(server.log.read_bytes()) == []
    assert {path.name: leaks(path.read_bytes()) for path in files(server.log.parent / "tmp")} == {}


def test_nothing_raw_is_in_rest_or_metrics(server: Running, trace_ids: list[str]):
    names = ("traces", "sessions", "feedback", "stats", "completeness", *(f"traces/{ident}" for ident in trace_ids))
    for path in ("/metrics", *(f"/api/v1/{name}" for name in names)):
        answer = server.admin(path)
        assert answer.status_code == 200, path
        assert leaks(answer.content) == [], path


def test_nothing_raw_is_on_the_pages(server: Running, trace_ids: list[str]):
    with httpx.Client(base_url=server.admin_url, follow_redirects=True, timeout=60) as browser:
        form = re.search(r'name="form_token" value="([^"]+)"', browser.get("/login").text)
        assert form
        browser.post("/login", data={"token": server.token, "form_token": form[1], "next": "/"})
        sessions = [row["session_id"] for row in server.admin("/api/v1/sessions").json()["data"]]
        paths = ["/", "/sessions", "/completeness", *(f"/traces/{ident}" for ident in trace_ids)]
        for path in [*paths, *(f"/sessions/{ident}" for ident in sessions)]:
            page = browser.get(path)
            assert (page.status_code, page.url.path) == (200, httpx.URL(path).path)
            assert leaks(page.content) == [], path


def test_the_same_user_has_the_same_name_everywhere(server: Running, trace_ids: list[str]):
    users = {(server.trace(ident) or {})["user_id"] for ident in trace_ids[:3]}
    assert len(users) == 1
    assert all(user.startswith("<EMAIL_ADDRESS:") for user in users)
