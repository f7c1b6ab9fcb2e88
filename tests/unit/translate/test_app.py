"""The translator's HTTP, with a litellm that says what the test wants. The real one: tests/integration."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from transom.config import Settings
from transom.translate.app import CutOff, Translator

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


class Delta(SimpleNamespace):
    """As a pydantic model."""

    def model_dump(self, exclude_none: bool = False) -> dict[str, Any]:
        return dict(vars(self))


class Stream:
    """As litellm's stream; an item that is an exception is raised."""

    def __init__(self, *items: Any, ended: bool = True) -> None:
        self._items = iter(items)
        self.received_finish_reason = "stop" if ended else None
        self.intermittent_finish_reason = None
        self._hidden_params = {"additional_headers": {"llm_provider-request-id": "req_1"}}

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        item = next(self._items, None)
        if isinstance(item, Exception):
            raise item
        if item is None:
            raise StopAsyncIteration
        return item


def chunk(content: str | None, finish_reason: str | None = None) -> SimpleNamespace:
    delta = Delta(content=content) if content else Delta()
    choice = SimpleNamespace(index=0, delta=delta, finish_reason=finish_reason)
    return SimpleNamespace(id="one", created=7, model="m", choices=[choice])


class Litellm:
    """Answers with what it was given, or fails with it; `never` waits for ever."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.arguments, self.cancelled = answer, {}, False

    async def acompletion(self, **arguments: Any) -> Any:
        self.arguments = arguments
        if self.answer == "never":
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Call:
    """One request, and what came back."""

    def __init__(self, path: str = "/anthropic/v1/chat/completions", method: str = "POST", **headers: str) -> None:
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.scope = {"type": "http", "path": path, "method": method, "headers": encoded}
        self.sent: list[dict[str, Any]] = []
        self.leaves = asyncio.Event()
        self._bodies: list[bytes] = []

    async def make(self, litellm: Litellm, settings: Settings | None = None, **members: Any) -> None:
        whole = json.dumps({**BODY, **members}).encode()
        self._bodies = [whole[:10], whole[10:]]
        await Translator(settings or Settings(), litellm)(self.scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._bodies:
            return {"type": "http.request", "body": self._bodies.pop(0), "more_body": bool(self._bodies)}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


async def test_an_answer():
    choice = SimpleNamespace(index=0, message=Delta(content="hi"), finish_reason="stop")
    answer = SimpleNamespace(id="one", created=7, model="m", choices=[choice], usage=None, _hidden_params={})
    litellm, call = Litellm(answer), Call(authorization="Bearer a-key")
    await call.make(litellm, temperature=0.5)
    assert (call.status, call.headers[b"content-type"]) == (200, b"application/json")
    assert json.loads(call.body)["choices"][0]["message"]["content"] == "hi"
    assert int(call.headers[b"content-length"]) == len(call.body)
    given = litellm.arguments
    assert (given["model"], given["api_key"], given["temperature"]) == ("anthropic/m", "a-key", 0.5)
    assert (given["timeout"].connect, given["timeout"].read) == (5, 3600)


async def test_a_stream():
    call = Call(authorization="bearer a-key")
    await call.make(Litellm(Stream(chunk("hi"), chunk(None, "stop"))), stream=True)
    assert call.headers[b"content-type"].startswith(b"text/event-stream")
    assert call.headers[b"x-request-id"] == b"req_1"
    first, second, last = call.body.decode().removesuffix("\n\n").split("\n\n")
    assert json.loads(first.removeprefix("data: "))["choices"][0]["delta"] == {"content": "hi"}
    assert json.loads(second.removeprefix("data: "))["choices"][0]["finish_reason"] == "stop"
    assert last == "data: [DONE]"
    assert not call.sent[-1].get("more_body")


async def test_an_error_among_the_events_cuts_the_stream():
    call = Call(authorization="Bearer a-key")
    with pytest.raises(CutOff):
        await call.make(Litellm(Stream(chunk("hi"), ConnectionResetError())), stream=True)
    assert b"[DONE]" not in call.body
    assert json.loads(call.sent[-1]["body"].removeprefix(b"data: "))["error"]["code"] == "upstream_unreachable"
    assert call.sent[-1]["more_body"]


async def test_an_error_before_the_first_event_is_an_answer():
    call = Call(authorization="Bearer a-key")
    await call.make(Litellm(Stream(TimeoutError())), stream=True)
    assert (call.status, call.error["code"]) == (504, "upstream_timeout")


async def test_an_end_that_the_provider_did_not_send_is_no_end():
    call = Call(authorization="Bearer a-key")
    with pytest.raises(CutOff):
        await call.make(Litellm(Stream(chunk("hi"), chunk(None, "stop"), ended=False)), stream=True)
    assert b'"finish_reason":"stop"' not in call.body


async def test_no_provider_is_called_without_a_key_that_it_needs():
    litellm, call = Litellm(None), Call()
    await call.make(litellm)
    assert (call.status, call.error["code"]) == (401, "missing_api_key")
    assert litellm.arguments == {}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/openai/v1/chat/completions", "POST"),
        ("/unknown/v1/chat/completions", "POST"),
        ("/anthropic/v1/messages", "POST"),
        ("/anthropic/v1/chat/completions", "GET"),
        ("/", "GET"),
    ],
)
async def test_other_paths_are_not_translated(path: str, method: str):
    call = Call(path, method, authorization="Bearer a-key")
    await call.make(Litellm(None))
    assert (call.status, call.error["code"]) == (404, "not_translated")


async def test_a_provider_behind_a_socket_is_not_translated():
    settings = Settings(providers={"mine": {"base_url": "unix:/run/x.sock", "speaks": "ollama"}})
    call = Call("/mine/v1/chat/completions")
    await call.make(Litellm(None), settings)
    assert (call.status, call.error["code"]) == (501, "not_translated")


async def test_a_call_ends_when_the_caller_leaves():
    litellm, call = Litellm("never"), Call(authorization="Bearer a-key")
    calling = asyncio.create_task(call.make(litellm))
    while not litellm.arguments:
        await asyncio.sleep(0)
    call.leaves.set()
    await calling
    assert litellm.cancelled
    assert call.sent == []


async def test_a_caller_who_leaves_while_asking_is_not_answered():
    call = Call(authorization="Bearer a-key")

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    await Translator(Settings(), Litellm(None))(call.scope, receive, call._send)
    assert call.sent == []
