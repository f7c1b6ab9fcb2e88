"""Bad clients and bad providers: a clear answer in the caller's shape, and exactly one outcome each."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.providers.hostile import SCRIPTS, WHOLE, ZIPPED, Hostile, hostile
from tests.providers.recorded import serving
from tests.running import Running, free_port, running, until
from transom.demo.provider import app

pytestmark = pytest.mark.slow

FAILS_BEFORE = (
    "garbage",
    "nothing",
    "half-header",
    "huge-header",
    "both-lengths",
    "negative-length",
    "interim-only",
    "switching",
    "odd-status",
)
FAILS_WITHIN = ("short", "mid-stream", "bad-chunk")
PASSES = {"not-json": b"not json!", "zipped": ZIPPED, "torn-zip": ZIPPED[:30], "no-zip": WHOLE}
JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def provider() -> Iterator[Hostile]:
    with hostile() as it:
        yield it


@pytest.fixture(scope="module")
def server(provider: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    down = f"http://127.0.0.1:{free_port()}"
    settings = {
        "TRANSOM_PROVIDERS__HOSTILE__BASE_URL": provider.base_url,
        "TRANSOM_PROVIDERS__DOWN__BASE_URL": down,
        "TRANSOM_REDACTION__TIMEOUT_S": "10",
    }
    with serving(app) as demo:
        settings |= {"TRANSOM_PROVIDERS__SAMPLE__BASE_URL": demo, "TRANSOM_DEFAULT_PROVIDER": "sample"}
        with running(tmp_path_factory.mktemp("bad"), **settings) as it:
            yield it


@pytest.fixture(autouse=True)
def one_outcome_each(server: Running) -> Iterator[list[int]]:
    """Each test appends how many exchanges it made; the books must agree to the unit."""
    before = server.wait_for_outcomes(0)
    expected: list[int] = []
    yield expected
    after = server.wait_for_outcomes(before["begun"] + sum(expected))
    assert after["begun"] == before["begun"] + sum(expected)
    assert after["begun"] == after["stored"] + after["metadata_only"] + after["dropped"]
    assert after["dropped"] == before["dropped"]


def post(server: Running, content: bytes, path: str = CHAT, **headers: str) -> httpx.Response:
    return httpx.post(server.base_url + path, content=content, headers=JSON | headers, timeout=120)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert {"message", "type", "code", "param"} <= set(error)
    return error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"model": 7}',
        b'{"model":"m","messages":[{"role":"user","content":"\xff\xfe"}]}',
        b"\0" * 100,
        b'{"messages":' + b"[" * 100_000,
        b'{"messages":{"role":["user"]},"tools":7,"stream":"yes"}',
        b'{"model":"m","model":"n","messages":[{"role":"user","content":[null,7,{"type":"text","text":{}}]}]}',
    ],
    ids=["empty", "torn", "list", "string", "odd-model", "broken-utf8", "zeros", "deep", "odd-types", "odd-parts"],
)
def test_a_body_that_makes_no_sense_gets_the_provider_s_answer(
    server: Running, one_outcome_each: list[int], body: bytes
):
    one_outcome_each.append(1)
    assert post(server, body).status_code in {200, 400}
    one_outcome_each.append(1)
    answer = post(server, body, "/v1/messages")
    assert answer.status_code in {200, 400}
    assert answer.json()["type"] in {"message", "error"}


def test_u0000_and_lone_surrogates_are_stored_as_visible_text(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    body = b'{"model":"m","messages":[{"role":"user","content":"a\\u0000b\\ud800c"}]}'
    answer = post(server, body)
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["outcome"] == "stored"
    content = trace["input_messages"][0]["parts"][0]["content"]
    assert "\0" not in content
    assert content.startswith("a\\u0000b")


def test_a_50_mb_body_passes(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    text = "x" * 50_000_000
    answer = post(server, json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode())
    assert answer.status_code == 200
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["outcome"] == "metadata_only"
    assert trace["outcome_reason"]


def test_a_body_over_the_limit_is_refused(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    with httpx.Client(timeout=120) as client:
        answer = client.post(server.base_url + CHAT, content=b"x" * (100 * 2**20 + 1), headers=JSON)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")


def test_a_history_of_100_000_messages_passes(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    messages = [{"role": "user", "content": f"message {n}"} for n in range(100_000)]
    answer = post(server, json.dumps({"model": "m", "messages": messages}).encode())
    assert answer.status_code == 200
    assert server.wait_for_trace(answer.headers["x-transom-trace-id"], seconds=120)["outcome"] in {
        "stored",
        "metadata_only",
    }


def test_a_header_bomb_is_refused(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    answer = httpx.get(server.base_url + CHAT, headers={"x-bomb": "x" * 200_000})
    assert (answer.status_code, error_of(answer)["code"]) == (431, "headers_too_large")


def test_a_header_that_never_ends_is_refused(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx: ")
        with suppress(OSError):
            for _ in range(100):
                client.sendall(b"x" * 10_000)
        with suppress(ConnectionResetError):
            assert b" 431 " in client.recv(10_000)


def test_an_unknown_model_gets_the_provider_s_answer(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    answer = post(server, b'{"model":"no-such-model","messages":[]}')
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["cost_usd"] is None


def test_a_provider_that_is_down(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(2)
    answer = post(server, b"{}", "/down/v1/chat/completions")
    assert (answer.status_code, error_of(answer)["code"]) == (502, "upstream_unreachable")
    assert "providers.down.base_url" in error_of(answer)["message"]
    anthropic = post(server, b"{}", "/down/v1/messages").json()
    assert (anthropic["type"], anthropic["error"]["type"]) == ("error", "api_error")


def test_a_provider_that_never_answers(provider: Hostile, tmp_path: Path):
    settings = {"TRANSOM_PROVIDERS__HOSTILE__BASE_URL": provider.base_url, "TRANSOM_LIMITS__FIRST_BYTE_S": "1"}
    with running(tmp_path, **settings) as impatient:
        answer = post(impatient, b"{}", "/hostile/v1/silent/chat/completions")
        assert (answer.status_code, error_of(answer)["code"]) == (504, "upstream_timeout")
        until(lambda: provider.left == provider.came)
        assert impatient.wait_for_outcomes(1)["begun"] == 1


@pytest.mark.parametrize("script", FAILS_BEFORE)
def test_a_provider_that_fails_before_its_answer(server: Running, one_outcome_each: list[int], script: str):
    one_outcome_each.append(1)
    answer = post(server, b"{}", f"/hostile/v1/{script}/chat/completions")
    assert answer.status_code == 502
    assert error_of(answer)["code"].startswith("upstream_")
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["ended"] == "upstream_failed"


@pytest.mark.parametrize("script", FAILS_WITHIN)
def test_a_provider_that_fails_in_its_answer(server: Running, one_outcome_each: list[int], script: str):
    one_outcome_each.append(1)
    url = f"{server.base_url}/hostile/v1/{script}/chat/completions"
    stream = httpx.stream("POST", url, content=b'{"stream":true}', headers=JSON)
    with stream as answer, pytest.raises(httpx.RemoteProtocolError):
        answer.read()
    assert server.wait_for_trace(answer.headers["x-transom-trace-id"])["ended"] == "upstream_failed"


@pytest.mark.parametrize(("script", "body"), PASSES.items(), ids=PASSES)
def test_an_answer_that_makes_no_sense_passes_as_it_is(
    server: Running, one_outcome_each: list[int], script: str, body: bytes
):
    one_outcome_each.append(1)
    url = f"{server.base_url}/hostile/v1/{script}/chat/completions"
    with httpx.stream("POST", url, content=b'{"model":"m","messages":[]}', headers=JSON) as answer:
        assert b"".join(answer.iter_raw()) == body
    assert answer.status_code == 200
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["ended"] == "complete"
    read = [part["content"] for message in trace["output_messages"] for part in message["parts"]]
    assert read == (["Zipped"] if script == "zipped" else []) or script == "no-zip"


def test_a_client_that_leaves_in_mid_stream(server: Running, provider: Hostile, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    came, left = provider.came, provider.left
    url = f"{server.base_url}/hostile/v1/endless/chat/completions"
    body = b'{"model":"m","stream":true,"messages":[]}'
    with httpx.stream("POST", url, content=body, headers=JSON) as answer:
        next(answer.iter_raw())
    until(lambda: provider.left == left + 1)
    assert provider.came == came + 1
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert (trace["ended"], trace["status_code"]) == ("client_left", 200)
    assert trace["output_messages"][0]["parts"][0]["content"].startswith("half")


def test_a_client_that_leaves_before_the_answer(server: Running, provider: Hostile, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    came, left = provider.came, provider.left
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        head = b"POST /hostile/v1/silent/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n"
        client.sendall(head + b"content-type: application/json\r\n\r\n{}")
        until(lambda: provider.came == came + 1)
    assert until(lambda: provider.left == left + 1, seconds=4)


def test_a_client_that_leaves_in_its_request(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    begun = server.completeness()["begun"]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n".encode() + b'{"half":')
    books = server.wait_for_outcomes(begun + 1)
    assert books["begun"] == begun + 1


def test_an_unknown_path_is_relayed_and_recorded_as_metadata(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    answer = post(server, b'{"secret":"x"}', "/v1/something/new")
    assert answer.status_code == 404
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["outcome"] == "metadata_only"


def test_every_script_is_used():
    assert sorted(SCRIPTS) == sorted([*FAILS_BEFORE, *FAILS_WITHIN, *PASSES])
