"""The recorded exchanges over TLS of a private authority, compressed, cut anywhere, and after forced fallbacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.certificates import make_certificate
from tests.providers import recorded, rough
from tests.providers.recorded import Row
from tests.providers.rough import CODINGS, coded
from tests.running import Running, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not recorded.rows(), reason="the recorded traffic is not beside this checkout"),
]

OPENAI_CHAT = [row for row in recorded.rows() if row.provider == "openai" and row.path == "/v1/chat/completions"]


def model_of(row: Row) -> str:
    return str(json.loads(row.request_body)["model"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Each model of OpenAI's has a route whose first provider is down; the second's key is the gateway's."""
    folder: Path = tmp_path_factory.mktemp("rough")
    make_certificate(folder)
    with rough.serving(folder) as base_url:
        targets = [{"provider": "down"}, {"provider": "spare", "weight": 0}]
        routes = {model_of(row): {"targets": targets} for row in OPENAI_CHAT}
        settings = recorded.settings(base_url) | {
            "TRANSOM_PROVIDERS__DOWN__BASE_URL": f"{base_url}/down",
            "TRANSOM_PROVIDERS__SPARE__BASE_URL": base_url,
            "TRANSOM_PROVIDERS__SPARE__API_KEY": "held",
            "TRANSOM_ROUTES": json.dumps(routes),
            "TRANSOM_REDACTION__PROFILE": "fast",
            "SSL_CERT_FILE": str(folder / "cert.pem"),
        }
        with running(folder / "data", **settings) as it:
            yield it


def send(client: httpx.Client, row: Row, path: str, coding: str, seed: int) -> tuple[httpx.Response, bytes]:
    """The response, and the bytes of its body as they travelled."""
    headers = row.request_headers | {"x-recorded-row": str(row.number), "x-coding": coding, "x-seed": str(seed)}
    headers["authorization"] = "Bearer test"
    with client.stream(row.method, path, content=row.request_body.encode(), headers=headers) as reply:
        return reply, b"".join(reply.iter_raw())


@pytest.fixture(scope="module")
def replies(server: Running) -> list[tuple[Row, str, httpx.Response, bytes]]:
    """Each row in one coding after the other, cut in different ways."""
    found = []
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        for row in recorded.rows():
            coding = CODINGS[row.number % len(CODINGS)]
            found.append((row, coding, *send(client, row, row.gateway_path, coding, row.number)))
    return found


def test_every_byte_is_as_it_travelled(replies: list[tuple[Row, str, httpx.Response, bytes]]):
    assert len(replies) == 697
    for row, coding, reply, body in replies:
        assert reply.status_code == row.status, row.number
        assert body == coded(row, coding), (row.number, coding)
        assert reply.headers.get("content-encoding", "identity") == coding
        assert {k: reply.headers[k] for k in row.response_headers} == row.response_headers


def test_what_is_recorded_does_not_depend_on_the_coding(
    server: Running, replies: list[tuple[Row, str, httpx.Response, bytes]]
):
    """Rows of chats, sent once more in the other codings, give the same trace."""
    server.wait_for_outcomes(len(replies), seconds=300)
    checked = [reply for reply in replies if reply[0].path == "/v1/chat/completions" and reply[0].status == 200][::12]
    assert len(checked) > 20
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        for row, coding, reply, _ in checked:
            other = CODINGS[(CODINGS.index(coding) + 1) % len(CODINGS)]
            again, _ = send(client, row, row.gateway_path, other, row.number + 1000)
            assert content(server, again) == content(server, reply), (row.number, coding, other)


def content(server: Running, reply: httpx.Response) -> dict[str, Any]:
    trace = server.wait_for_trace(reply.headers["x-transom-trace-id"])
    names = ("outcome", "response_id", "output_messages", "finish_reasons", "output_tokens", "cost_usd", "stream")
    assert trace["outcome"] == "stored"
    return {name: trace[name] for name in names}


def test_after_a_fallback_the_answer_is_the_second_provider_s_to_the_byte(server: Running):
    assert len(OPENAI_CHAT) > 100
    last = []
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        for row in OPENAI_CHAT:
            coding = CODINGS[row.number % len(CODINGS)]
            reply, body = send(client, row, row.path, coding, row.number)
            assert (reply.status_code, body) == (row.status, coded(row, coding)), row.number
            last.append(reply.headers["x-transom-trace-id"])
    first = server.wait_for_trace(last[0])
    assert (first["attempts"][0]["provider"], first["attempts"][0]["status"]) == ("down", 503)
    assert first["attempts"][-1]["provider"] == "spare" == first["provider"]
    assert {server.wait_for_trace(one)["provider"] for one in last[::20]} == {"spare"}
