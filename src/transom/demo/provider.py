"""The demo provider as a server: `python -m transom.demo --port N`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from secrets import token_hex

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from transom.demo import wire
from transom.demo.answers import Answer

Whole = Callable[[wire.Body, Answer], wire.Body]
Stream = Callable[[wire.Body, Answer], Iterator[bytes]]

PACE_S = 0.004
"""Between two pieces of a stream: quick, but one can see them come."""


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions"""
    return await _answer(request, wire.chat, wire.chat_stream, anthropic=False)


async def messages(request: Request) -> Response:
    """POST /v1/messages"""
    return await _answer(request, wire.message, wire.message_stream, anthropic=True)


async def responses(request: Request) -> Response:
    """POST /v1/responses"""
    return await _answer(request, wire.response, wire.response_stream, anthropic=False)


async def _answer(request: Request, whole: Whole, stream: Stream, anthropic: bool) -> Response:
    body = await _body(request)
    if body is None or not wire.is_conversation(body):
        return _bad_request(anthropic)
    answer = wire.answer_to(body)
    if answer.error:
        return _refused(answer.error, anthropic)
    return _stream(stream(body, answer)) if body.get("stream") else _whole(whole(body, answer))


async def embeddings(request: Request) -> Response:
    """POST /v1/embeddings"""
    body = await _body(request)
    return _bad_request(anthropic=False) if body is None else _whole(wire.embeddings(body))


async def models(request: Request) -> Response:
    """GET /v1/models"""
    return _whole(wire.models())


async def unknown(request: Request) -> Response:
    """Anything else."""
    text = "The demo provider knows chat completions, responses, messages, embeddings and models."
    return JSONResponse(wire.error(404, text, anthropic=False), 404)


async def _body(request: Request) -> wire.Body | None:
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _bad_request(anthropic: bool) -> Response:
    return JSONResponse(wire.error(400, "We could not understand the body of your request.", anthropic), 400)


def _refused(error: tuple[int, str], anthropic: bool) -> Response:
    status, text = error
    return JSONResponse(wire.error(status, text, anthropic), status, headers={"retry-after": "2"})


def _whole(body: wire.Body) -> Response:
    return JSONResponse(body, headers=_request_id())


def _stream(events: Iterator[bytes]) -> Response:
    return StreamingResponse(_paced(events), media_type="text/event-stream", headers=_request_id())


def _request_id() -> dict[str, str]:
    return {"x-request-id": f"req_{token_hex(16)}"}


async def _paced(events: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in events:
        yield piece
        await asyncio.sleep(PACE_S)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/messages", messages, methods=["POST"]),
        Route("/v1/responses", responses, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/models", models),
        Route("/{path:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
)


def serve(port: int) -> None:
    """Answer on loopback until SIGTERM."""
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
