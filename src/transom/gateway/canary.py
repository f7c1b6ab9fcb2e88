"""`/_transom/…`: the way of the proof's own exchanges. They are relayed as any, to an echo in this same gateway.

Only a holder of the main secret can go it; to others it is a provider that doesn't exist.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any

import msgspec

from transom.config import Settings, local_url
from transom.gateway.headers import credential
from transom.gateway.relay import Receive, Relay, Scope, Send
from transom.gateway.routes import Router, Target
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
            router, relay.client, relay.recording, relay.secret, relay.signer, relay.body_bytes, OWN_PROJECT
        )

    def admits(self, scope: Scope) -> bool:
        """Whether a request shows the token."""
        offered = credential(dict(scope["headers"])) or b""
        return hmac.compare_digest(offered, self._token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(ECHO):
            await _echo(receive, send)
        else:
            await self._relay(scope, receive, send)


class _ToEcho(Router):
    """Sends `/_transom/…` to `/_transom/echo/…` of this gateway."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._origin = parse_origin(local_url(settings.host, settings.port))

    def resolve(self, raw_path: bytes, model: str | None, anthropic: bool) -> Target:
        path = ECHO.encode() + raw_path.removeprefix(PREFIX.encode())
        return Target(OWN_PROJECT, self._origin, path)


async def _echo(receive: Receive, send: Send) -> None:
    request = _read(await _body(receive))
    text, calls = _last_text(request), _tool_calls(request)
    if request.get("model") == FAILING_MODEL:
        error = {"message": text, "type": "canary_error", "code": None, "param": None}
        await _answer(send, 400, b"application/json", [msgspec.json.encode({"error": error})])
    elif request.get("stream"):
        await _answer(send, 200, b"text/event-stream", _events(text, calls))
    else:
        message = {"role": "assistant", "content": text, "tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {**_head("chat.completion"), "choices": [choice]}
        await _answer(send, 200, b"application/json", [msgspec.json.encode(body)])


async def _body(receive: Receive) -> bytes:
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
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


async def _answer(send: Send, status: int, kind: bytes, pieces: list[bytes] | Iterator[bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
