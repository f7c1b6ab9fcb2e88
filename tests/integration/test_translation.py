"""Chat completions to six APIs, through the running translator: answers, tools, streams, usage, errors, disconnects.

What the providers say is recorded (Anthropic, Cohere, Ollama) or made from their documentation (fixtures/wire).
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.providers import recorded, wires
from tests.providers.wire_cases import HISTORY, KEY, PROMPT, TOOL, WIRES, Wire
from tests.providers.wires import Reply, Scripted, whole
from tests.running import until
from tests.translator import FIRST_BYTE_S, Running, assembled_calls, chunks, counts, holds, start
from transom.translate.place import translator_socket

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not recorded.rows(), reason="the recorded traffic is not beside this checkout"),
]

without_google_auth = pytest.mark.skipif(
    importlib.util.find_spec("google") is None or importlib.util.find_spec("google.auth") is None,
    reason="google-auth is not installed",
)


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[without_google_auth] * (name == "vertex_ai")) for name in WIRES]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def wire(name: str) -> Wire:
    return WIRES[name]()


@pytest.fixture(scope="module")
def provider() -> Scripted:
    return Scripted()


@pytest.fixture(scope="module")
def running(provider: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with recorded.serving(provider.app) as base_url:
        it = start(tmp_path_factory.mktemp("translator"), base_url)
        try:
            until(it.is_up)
            yield it
        finally:
            it.process.kill()
            it.process.wait()


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as it:
        yield it


def ask(client: httpx.Client, name: str, wire: Wire, **more: Any) -> httpx.Response:
    """One call; a body of None leaves a member out."""
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}], **more}
    return client.post(f"/{name}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})


def streamed(wire: Wire, pieces: list[bytes], ends: str = "well") -> Reply:
    return Reply(pieces, kind=wire.kind, ends=ends)


def test_an_answer_is_openais(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(whole(wire.text))
    answer = ask(client, name, wire, max_completion_tokens=99, temperature=0.5, user="u", metadata={"a": "b"}, n=1)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"id", "object", "created", "model", "choices", "usage"}
    (choice,) = found["choices"]
    assert choice["message"]["content"] == wire.said
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert found["object"] == "chat.completion"
    assert "/" not in found["model"]
    assert counts(found["usage"]) == wire.counted["text"]


def test_the_provider_gets_its_own_path_credential_and_words(
    provider: Scripted, client: httpx.Client, name: str, wire: Wire
):
    provider.says(whole(wire.tools))
    answer = ask(client, name, wire, messages=HISTORY, tools=[TOOL], max_tokens=99)
    assert answer.status_code == 200, answer.text
    assert provider.got.path == wire.path
    header, value = wire.credential
    assert provider.got.headers[header] == value
    for word in [*wire.sent, 99]:
        assert holds(provider.got.json, word), (word, provider.got.json)
    assert b"Be brief." in provider.got.body


def test_tools_are_called(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(whole(wire.tools))
    answer = ask(client, name, wire, tools=[TOOL], tool_choice="auto")
    assert answer.status_code == 200, answer.text
    (choice,) = answer.json()["choices"]
    assert choice["finish_reason"] == "tool_calls"
    calls = choice["message"]["tool_calls"]
    assert [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls] == wire.called
    assert {call["type"] for call in calls} == {"function"}
    assert len({call["id"] for call in calls}) == len(calls)
    assert counts(answer.json()["usage"]) == wire.counted["tools"]


def test_a_stream_is_openais(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(streamed(wire, wire.text_stream))
    answer = ask(client, name, wire, stream=True, stream_options={"include_usage": True})
    assert answer.status_code == 200, answer.text
    assert provider.got.path == wire.stream_path
    assert answer.headers["content-type"].startswith("text/event-stream")
    *found, last = chunks(answer.text)
    assert "".join(one["choices"][0]["delta"].get("content") or "" for one in found) == wire.said_streamed
    assert found[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [one["choices"][0]["finish_reason"] for one in found] == [None] * (len(found) - 1) + ["stop"]
    assert {(one["id"], one["created"], one["model"], one["object"]) for one in found} == {
        (last["id"], last["created"], last["model"], "chat.completion.chunk")
    }
    assert all(one["usage"] is None for one in found)
    assert last["choices"] == []
    assert counts(last["usage"]) == wire.counted["text_stream"]


def test_a_stream_has_no_usage_unless_asked(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(streamed(wire, wire.text_stream))
    found = chunks(ask(client, name, wire, stream=True).text)
    assert all(one["choices"] and "usage" not in one for one in found)


def test_tools_are_called_in_a_stream(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(streamed(wire, wire.tools_stream))
    answer = ask(client, name, wire, tools=[TOOL], stream=True, stream_options={"include_usage": True})
    *found, last = chunks(answer.text)
    assert assembled_calls(found) == wire.called_streamed
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert counts(last["usage"]) == wire.counted["tools_stream"]


def test_a_stream_in_any_pieces_is_the_same(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    body = b"".join(wire.text_stream)
    provider.says(streamed(wire, [body[at : at + 7] for at in range(0, len(body), 7)]))
    found = chunks(ask(client, name, wire, stream=True).text)
    assert "".join(one["choices"][0]["delta"].get("content") or "" for one in found) == wire.said_streamed


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_error_is_the_providers(provider: Scripted, client: httpx.Client, name: str, wire: Wire, stream: bool):
    provider.says(whole(wire.error["body"], wire.error["status"], wire.error["headers"]))
    answer = ask(client, name, wire, stream=stream)
    assert answer.status_code == wire.error["status"]
    assert answer.headers.get("retry-after") == wire.error["headers"].get("retry-after")
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] == wire.error["message"]
    assert provider.got


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 503, 529])
def test_every_status_is_kept(provider: Scripted, client: httpx.Client, name: str, wire: Wire, status: int):
    provider.says(whole(wire.error["body"], status))
    answer = ask(client, name, wire)
    assert answer.status_code == status
    assert answer.json()["error"]["message"] == wire.error["message"]
    assert provider.got


def test_an_error_in_a_stream_is_told_and_the_stream_cut(
    provider: Scripted, client: httpx.Client, name: str, wire: Wire
):
    provider.says(streamed(wire, wire.stream_error))
    got = received(client, name, wire)
    assert "[DONE]" not in got
    *found, last = [json.loads(part.removeprefix("data: ")) for part in got.split("\n\n") if part]
    assert [one["choices"][0]["delta"]["content"] for one in found] == ["Light comes"]
    assert wire.stream_error_says in last["error"]["message"]


@pytest.mark.parametrize("ends", ["well", "cut"])
def test_a_stream_without_its_end_is_cut(provider: Scripted, client: httpx.Client, name: str, wire: Wire, ends: str):
    provider.says(streamed(wire, wire.text_stream[:-2], ends))
    got = received(client, name, wire)
    assert "[DONE]" not in got
    assert '"finish_reason":"stop"' not in got
    assert json.loads(got.strip().rpartition("data: ")[2])["error"]["type"] == "server_error"


def received(client: httpx.Client, name: str, wire: Wire) -> str:
    """All of a stream that must end without its end."""
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    headers = {"authorization": f"Bearer {KEY}"}
    pieces: list[str] = []
    with (
        pytest.raises(httpx.RemoteProtocolError),
        client.stream("POST", f"/{name}/v1/chat/completions", json=body, headers=headers) as answer,
    ):
        for piece in answer.iter_text():
            pieces.append(piece)
    return "".join(pieces)


def test_what_an_api_has_no_word_for_is_refused(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(whole(wire.text))
    for parameter, value in wire.must_refuse.items():
        answer = ask(client, name, wire, tools=[TOOL], **{parameter: value})
        assert answer.status_code == 400, parameter
        assert answer.json()["error"]["param"] == parameter
        assert answer.json()["error"]["type"] == "invalid_request_error"
    assert provider.received == []


def test_a_caller_can_not_choose_where_a_call_goes(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(whole(wire.text))
    for parameter in (
        "api_base",
        "base_url",
        "api_key",
        "mock_response",
        "extra_headers",
        "fallbacks",
        "aws_region_name",
    ):
        answer = ask(client, name, wire, **{parameter: "http://127.0.0.1:9"})
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == parameter
    assert provider.received == []


def test_the_provider_is_left_when_the_caller_leaves(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(streamed(wire, wire.text_stream[:-2], "never"))
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    url, headers = f"/{name}/v1/chat/completions", {"authorization": f"Bearer {KEY}"}
    with client.stream("POST", url, json=body, headers=headers) as answer:
        pieces = answer.iter_text()
        assert next(pieces).startswith("data: ")
        assert not provider.reply.left
    left_at = time.monotonic()
    until(lambda: provider.reply.left, seconds=5)
    assert time.monotonic() - left_at < 1


def test_a_redirect_is_not_followed_with_the_key(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(whole({}, 307, {"location": "/elsewhere"}))
    assert ask(client, name, wire).status_code == 502
    assert provider.got.path == wire.path


def test_nothing_is_tried_twice(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(Reply([], ends="cut", headers={"content-length": "10"}))
    answer = ask(client, name, wire)
    assert answer.status_code == 502, answer.text
    assert provider.got


def test_a_silent_provider_is_given_up(provider: Scripted, client: httpx.Client, name: str, wire: Wire):
    provider.says(Reply([b"{}"], silent_s=FIRST_BYTE_S + 1))
    answer = ask(client, name, wire)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")


def test_the_openai_sdk_sees_openai(provider: Scripted, running: Running, client: httpx.Client, name: str, wire: Wire):
    sdk = openai.OpenAI(api_key=KEY, base_url=f"http://translator/{name}/v1", http_client=client, max_retries=0)
    asked: Any = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}], "tools": [TOOL]}
    provider.says(whole(wire.text))
    assert sdk.chat.completions.create(**asked).choices[0].message.content == wire.said
    provider.says(streamed(wire, wire.tools_stream))
    with sdk.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls or []
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == wire.called_streamed
    assert final.usage
    assert (final.usage.prompt_tokens, final.usage.completion_tokens) == wire.counted["tools_stream"][:2]
    provider.says(whole(wire.error["body"], 429))
    with pytest.raises(openai.RateLimitError, match=wire.error["message"][:20]):
        sdk.chat.completions.create(**asked)


def test_bedrock_signs_where_no_key_comes(provider: Scripted, client: httpx.Client):
    wire = WIRES["bedrock"]()
    provider.says(whole(wire.text))
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}]}
    assert client.post("/bedrock/v1/chat/completions", json=body).status_code == 200
    signed = provider.got.headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=an-access-key/")
    assert "/eu-west-1/bedrock/aws4_request" in signed


@pytest.mark.parametrize("name", ["anthropic", "gemini", "cohere"])
def test_no_key_is_lent(provider: Scripted, client: httpx.Client, name: str):
    wire = WIRES[name]()
    provider.says(whole(wire.text))
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}]}
    answer = client.post(f"/{name}/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key")
    assert provider.received == []


def test_ollama_is_called_without_a_key_that_nobody_lent(provider: Scripted, client: httpx.Client):
    wire = WIRES["ollama"]()
    provider.says(whole(wire.text))
    body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}]}
    assert client.post("/ollama/v1/chat/completions", json=body).status_code == 200
    assert "authorization" not in provider.got.headers


def test_tokens_that_the_provider_did_not_count_are_unknown(provider: Scripted, client: httpx.Client):
    provider.says(whole(wires.fixture("ollama")["uncounted"]))
    assert ask(client, "ollama", WIRES["ollama"]()).json()["usage"] is None


@pytest.mark.parametrize("name", ["gemini", "bedrock", "ollama"])
def test_an_images_address_is_not_fetched(provider: Scripted, running: Running, client: httpx.Client, name: str):
    wire = WIRES[name]()
    provider.says(whole(wire.text))
    for url, status in (("http://127.0.0.1:9/a.png", 400), ("data:image/png;base64,iVBORw0KGgo=", 200)):
        content = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": url}}]
        assert ask(client, name, wire, messages=[{"role": "user", "content": content}]).status_code == status
    assert b"iVBORw0KGgo=" in provider.got.body


def test_cohere_gets_a_schema_and_a_tool_choice_in_its_words(provider: Scripted, client: httpx.Client):
    wire, schema = WIRES["cohere"](), TOOL["function"]["parameters"]
    provider.says(whole(wire.text))
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    assert ask(client, "cohere", wire, response_format=wanted).status_code == 200
    assert provider.got.json["response_format"] == {"type": "json_object", "json_schema": schema}
    provider.says(whole(wire.tools))
    assert ask(client, "cohere", wire, tools=[TOOL], tool_choice="required").status_code == 200
    assert provider.got.json["tool_choice"] == "REQUIRED"


def test_a_provider_that_refuses_the_connection_is_a_bad_gateway(client: httpx.Client):
    answer = ask(client, "nobody", WIRES["anthropic"]())
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_unreachable")
    assert "providers.nobody.base_url" in answer.json()["error"]["message"]


def test_what_is_no_chat_completion_is_not_translated(client: httpx.Client):
    for path in ("/anthropic/v1/embeddings", "/openai/v1/chat/completions", "/unknown/v1/chat/completions"):
        answer = client.post(path, json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_translated")


def test_this_user_alone_can_connect(running: Running):
    assert stat.S_IMODE(translator_socket(running.settings).stat().st_mode) == 0o600


def test_nothing_raw_was_logged(running: Running):
    logged = running.log.read_text()
    assert "translator listens" in logged
    for secret in ("canary", "5150", "Light comes", "nobody lent", "Traceback"):
        assert secret not in logged


def test_it_drains(provider: Scripted, tmp_path: Path):
    wire = WIRES["anthropic"]()
    provider.says(Reply(wire.text_stream, kind=wire.kind, silent_s=1))
    with recorded.serving(provider.app) as base_url:
        it = start(tmp_path, base_url)
        try:
            until(it.is_up)
            with it.client() as client:
                body = {"model": wire.model, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
                request = client.build_request(
                    "POST", "/anthropic/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"}
                )
                answer = client.send(request, stream=True)
                os.kill(it.process.pid, signal.SIGTERM)
                assert chunks(answer.read().decode())[-1]["choices"][0]["finish_reason"] == "stop"
            assert it.process.wait(timeout=20) == 0
        finally:
            it.process.kill()
            it.process.wait()
