"""Bad clients and bad providers: a clear answer in the caller's shape, and exactly one outcome each."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.hostile import SCRIPTS, Hostile, hostile
from tests.running import Running, free_port, running, until

pytestmark = pytest.mark.slow

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
    # A demo provider of our own beside the hostile one.
    from tests.providers.recorded import serving
    from transom.demo.provider import app

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
    ],
    ids=["empty", "torn", "list", "string", "odd-model", "broken-utf8", "zeros"],
)
def test_a_body_that_makes_no_sense_gets_the_provider_s_answer(
    server: Running, one_outcome_each: list[int], body: bytes
):
    one_outcome_each.append(1)
    assert post(server, body).status_code in {200, 400}


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
        try:
            for _ in range(100):
                client.sendall(b"x" * 10_000)
        except OSError:
            pass
        try:
            assert b" 431 " in client.recv(10_000)
        except ConnectionResetError:
            pass


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


@pytest.mark.parametrize("script", ["garbage", "nothing", "half-header", "huge-header", "both-lengths"])
def test_a_provider_that_fails_before_its_answer(server: Running, one_outcome_each: list[int], script: str):
    one_outcome_each.append(1)
    answer = post(server, b"{}", f"/hostile/v1/{script}/chat/completions")
    assert answer.status_code == 502
    assert error_of(answer)["code"].startswith("upstream_")
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["ended"] == "upstream_failed"


@pytest.mark.parametrize("script", ["short", "mid-stream", "bad-chunk"])
def test_a_provider_that_fails_in_its_answer(server: Running, one_outcome_each: list[int], script: str):
    one_outcome_each.append(1)
    url = f"{server.base_url}/hostile/v1/{script}/chat/completions"
    trace_id = ""
    with pytest.raises(httpx.RemoteProtocolError):
        with httpx.stream("POST", url, content=b'{"stream":true}', headers=JSON) as answer:
            trace_id = answer.headers["x-transom-trace-id"]
            answer.read()
    assert server.wait_for_trace(trace_id)["ended"] == "upstream_failed"


def test_an_answer_that_is_no_json_passes(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    answer = post(server, b'{"model":"m","messages":[]}', "/hostile/v1/not-json/chat/completions")
    assert (answer.status_code, answer.content) == (200, b"not json!")


def test_a_client_that_leaves_in_mid_stream(server: Running, provider: Hostile, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    left = provider.left
    url = f"{server.base_url}/hostile/v1/endless/chat/completions"
    with httpx.stream("POST", url, content=b'{"model":"m","stream":true,"messages":[]}', headers=JSON) as answer:
        trace_id = answer.headers["x-transom-trace-id"]
        next(answer.iter_raw())
    until(lambda: provider.left == left + 1)
    trace = server.wait_for_trace(trace_id)
    assert trace["ended"] == "client_left"


def test_an_unknown_path_is_relayed_and_recorded_as_metadata(server: Running, one_outcome_each: list[int]):
    one_outcome_each.append(1)
    answer = post(server, b'{"secret":"x"}', "/v1/something/new")
    assert answer.status_code == 404
    trace = server.wait_for_trace(answer.headers["x-transom-trace-id"])
    assert trace["outcome"] == "metadata_only"


def test_every_script_is_used():
    used = {
        "garbage",
        "nothing",
        "half-header",
        "huge-header",
        "both-lengths",
        "short",
        "mid-stream",
        "bad-chunk",
        "not-json",
    }
    assert set(SCRIPTS) == used
