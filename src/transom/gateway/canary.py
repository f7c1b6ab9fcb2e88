"""`/_transom/…`: the way of the proof's own exchanges. They are relayed as any, to an echo in this same gateway.

Only a holder of the main secret can go it; to others it is a provider that doesn't exist.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from transom.config import Settings, local_url
from transom.gateway.downstream.request import Request
from transom.gateway.headers import credential
from transom.gateway.relay import Relay
from transom.gateway.routes import Plan, Router, Target
from transom.gateway.upstream import parse_origin
from transom.types import OWN_PROJECT

PREFIX = f"/{OWN_PROJECT}/"
ECHO = f"{PREFIX}echo/"
FAILING_MODEL = "canary-error"
"""The model that answers with an error, which quotes the prompt too."""

_PIECE_CHARS = 16


class CanaryWay:
    """A relay of its own, which records under the project `_transom`, and the echo at its end."""

    def __init__(self, settings: Settings, relay: Relay) -> None:
        self._token = relay.secret.proof_token.encode()
        router = _ToEcho(settings)
        self._relay = Relay(
            router, relay.client, relay.recording, relay.secret, relay.signer, relay.limits, OWN_PROJECT
        )

    def admits(self, request: Request) -> bool:
        """Whether a request is on this way and shows the token."""
        if not request.path.startswith(PREFIX):
            return False
        offered = credential(dict(request.headers)) or b""
        return hmac.compare_digest(offered, self._token)

    async def answer(self, request: Request) -> None:
        """Relay a request to the echo, or be the echo."""
        if request.path.startswith(ECHO):
            await _echo(request)
        else:
            await self._relay.answer(request)


class _ToEcho(Router):
    """Sends `/_transom/…` to `/_transom/echo/…` of this gateway."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._origin = parse_origin(local_url(settings.host, settings.port))

    def plan(self, raw_path: bytes, model: str | None, anthropic: bool, stick_to: str | None = None) -> Plan:
        path = ECHO.encode() + raw_path.removeprefix(PREFIX.encode())
        return Plan((Target(OWN_PROJECT, self._origin, path),))


async def _echo(request: Request) -> None:
    asked = _read(await _body(request))
    text, calls = _last_text(asked), _tool_calls(asked)
    if asked.get("model") == FAILING_MODEL:
        error = {"message": text, "type": "canary_error", "code": None, "param": None}
        await _answer(request, 400, b"application/json", [msgspec.json.encode({"error": error})])
    elif asked.get("stream"):
        await _answer(request, 200, b"text/event-stream", _events(text, calls))
    else:
        message = {"role": "assistant", "content": text, "tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {**_head("chat.completion"), "choices": [choice]}
        await _answer(request, 200, b"application/json", [msgspec.json.encode(body)])


async def _body(request: Request) -> bytes:
    pieces, last = [], False
    while not last:
        piece, last = await request.read()
        pieces.append(piece)
    return b"".join(pieces)


def _read(body: bytes) -> dict[str, Any]:
    """The request, or nothing: only the proof comes here, and sends what it likes."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _last_text(request: dict[str, Any]) -> str:
    texts = [m.get("content") for m in request.get("messages", []) if m.get("role") == "user"]
    return str(texts[-1]) if texts else ""


def _tool_calls(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of the conversation, made once more."""
    return [call for message in request.get("messages", []) for call in message.get("tool_calls") or []]


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-canary", "object": kind, "created": 0, "model": "canary"}


def _events(text: str, calls: list[dict[str, Any]]) -> Iterator[bytes]:
    for start in range(0, len(text), _PIECE_CHARS):
        yield _event({"content": text[start : start + _PIECE_CHARS]})
    yield _event({"tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]}, "tool_calls")
    yield b"data: [DONE]\n\n"


def _event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = msgspec.json.encode({**_head("chat.completion.chunk"), "choices": [choice]})
    return b"data: " + chunk + b"\n\n"


async def _answer(request: Request, status: int, kind: bytes, pieces: Iterable[bytes]) -> None:
    request.start(status, [(b"content-type", kind)])
    for piece in pieces:
        await request.write(piece, last=False)
    await request.write(b"", last=True)
