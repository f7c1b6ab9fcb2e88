"""The translator's HTTP: `POST /{provider}/v1/chat/completions`, as OpenAI would answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog
from openai import Timeout

from transom.config import Settings
from transom.translate import request as requests
from transom.translate.answer import Chunks, completion
from transom.translate.errors import explain
from transom.translate.library import CALL
from transom.translate.problem import Problem
from transom.translate.providers import TRANSLATIONS, Translation, address

log = structlog.get_logger()

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_PATH = "/v1/chat/completions"
_JSON = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")


class CutOff(Exception):
    """Ends a stream without its end, as the provider's did."""


class Translator:
    """The ASGI app. `litellm` is the module, made harmless by `library.load`."""

    def __init__(self, settings: Settings, litellm: Any) -> None:
        self._settings, self._litellm = settings, litellm
        limits = settings.limits
        self._timeout = Timeout(limits.first_byte_s, connect=limits.connect_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            return
        answering = asyncio.create_task(self._answer(scope, body, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A caller who left needs no answer: to cancel the call closes the provider's connection.
            leaving.cancel()
            answering.cancel()
            await asyncio.wait((answering, leaving))
        if not answering.cancelled():
            answering.result()

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        try:
            await self._translate(scope, body, send)
        except Problem as problem:
            log.info("a call failed", status=problem.status)
            headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
            await _whole(send, problem.status, problem.json(), headers)

    async def _translate(self, scope: Scope, body: bytes, send: Send) -> None:
        name, translation, provider = self._provider(scope)
        key = _bearer(scope)
        if key is None and translation.needs_key:
            message = f"Transom: the provider '{name}' needs a key: send yours as a bearer token."
            raise Problem(401, message, "missing_api_key")
        asked = requests.read(body, translation, name)
        arguments = {**asked, **address(provider, asked["model"], key), **CALL, "timeout": self._timeout}
        with _explained(name):
            answer = await self._litellm.acompletion(**arguments)
        if asked.get("stream"):
            await _stream(send, name, Chunks(asked, translation, requests.wants_usage(asked)), answer)
        else:
            await _whole(send, 200, msgspec.json.encode(completion(answer, asked, translation)), _id(answer))

    def _provider(self, scope: Scope) -> tuple[str, Translation, Any]:
        path: str = scope["path"]
        name = path.removesuffix(_PATH)[1:]
        provider = self._settings.provider(name) if path.endswith(_PATH) and scope["method"] == "POST" else None
        translation = TRANSLATIONS.get(provider.speaks) if provider else None
        if provider is None or translation is None:
            raise Problem(404, "Transom: only chat completions are translated.", "not_translated")
        if provider.base_url.startswith("unix:"):
            message = f"Transom: providers.{name}.base_url: a provider behind a Unix socket can't be translated."
            raise Problem(501, message, "not_translated")
        return name, translation, provider


async def _stream(send: Send, name: str, chunks: Chunks, answer: Any) -> None:
    """Send the events; an error before the first is an answer of its own, one after it is told in an event."""
    events = _events(name, chunks, answer)
    event = await anext(events, None)
    await send({"type": "http.response.start", "status": 200, "headers": [_EVENTS, *_id(answer)]})
    try:
        while event is not None:
            await _event(send, event)
            event = await anext(events, None)
    except Problem as problem:
        log.info("a stream broke off", status=problem.status)
        await _event(send, problem.json())
        raise CutOff from problem
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def _events(name: str, chunks: Chunks, answer: Any) -> AsyncIterator[bytes]:
    with _explained(name):
        async for found in answer:
            if any(choice.finish_reason for choice in found.choices):
                _check_end(answer, name)
            if (chunk := chunks.chunk(found)) is not None:
                yield msgspec.json.encode(chunk)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Any failure of a call to the provider `name` as a Problem."""
    try:
        yield
    except Exception as error:
        raise explain(error, name) from error


def _check_end(answer: Any, name: str) -> None:
    """litellm ends a stream that broke off with a `stop` of its own making."""
    if answer.received_finish_reason is None and answer.intermittent_finish_reason is None:
        raise Problem(502, f"The provider '{name}' broke off its answer.", "upstream_incomplete")


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None if the caller left while sending it."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _event(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": b"data: " + data + b"\n\n", "more_body": True})


async def _whole(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


def _bearer(scope: Scope) -> str | None:
    found = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return found[7:].strip() or None if found[:7].lower() == "bearer " else None


def _id(answer: Any) -> list[tuple[bytes, bytes]]:
    """The provider's id of the request, as OpenAI names it."""
    headers = answer._hidden_params.get("additional_headers") or {}
    names = ("request-id", "x-request-id", "x-amzn-requestid")
    found = next((headers[key] for name in names if (key := f"llm_provider-{name}") in headers), None)
    return [(b"x-request-id", str(found).encode("latin-1"))] if found else []
