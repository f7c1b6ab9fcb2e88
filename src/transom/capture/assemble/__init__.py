"""From a `Capture` to an `Exchange`: one module a wire format, and what they share.

`assemble` is the only thing others call. A format reads a request and a whole reply; a streamed reply is first
folded into the one that an unstreamed call would have got, so that each format is read in one place.
"""

from __future__ import annotations

import msgspec
import structlog

from transom.capture.assemble.assistants import ASSISTANTS
from transom.capture.assemble.chat import CHAT
from transom.capture.assemble.cohere import COHERE_V1, COHERE_V2, RERANK
from transom.capture.assemble.completions import COMPLETIONS
from transom.capture.assemble.embeddings import EMBEDDINGS
from transom.capture.assemble.errors import read_failure
from transom.capture.assemble.identity import read_identity, read_request_id
from transom.capture.assemble.images import IMAGES
from transom.capture.assemble.message import context
from transom.capture.assemble.messages import MESSAGES
from transom.capture.assemble.models import MODELS
from transom.capture.assemble.ollama import OLLAMA_CHAT, OLLAMA_GENERATE
from transom.capture.assemble.params import read_params, read_tools
from transom.capture.assemble.reply import Reply, read_reply, read_request
from transom.capture.assemble.responses import RESPONSES
from transom.capture.assemble.values import Body, Unreadable, mapping, text, word
from transom.capture.assemble.wire import Answer, Wire
from transom.capture.exchange import Capture, Exchange
from transom.capture.operation import Endpoint, classify
from transom.types import Ended

log = structlog.get_logger()

_WIRES = {
    "assistants": ASSISTANTS,
    "chat": CHAT,
    "cohere_v1": COHERE_V1,
    "cohere_v2": COHERE_V2,
    "completions": COMPLETIONS,
    "embeddings": EMBEDDINGS,
    "images": IMAGES,
    "messages": MESSAGES,
    "models": MODELS,
    "ollama_chat": OLLAMA_CHAT,
    "ollama_generate": OLLAMA_GENERATE,
    "rerank": RERANK,
    "responses": RESPONSES,
}


def assemble(capture: Capture) -> Exchange:
    """Understand a capture. Never raises: what can't be read is an exchange with `content_lost` and its metadata."""
    endpoint = classify(capture.method, capture.path, capture.provider)
    exchange = _metadata(capture, endpoint)
    try:
        return _understood(capture, endpoint, exchange)
    except Exception as error:
        log.error("an exchange could not be understood", id=capture.id, error=type(error).__name__)
        return msgspec.structs.replace(exchange, content_lost="unreadable_body")


def _metadata(capture: Capture, endpoint: Endpoint) -> Exchange:
    """What is known without a look at the bodies."""
    return Exchange(
        id=capture.id,
        project_id=capture.project_id,
        key_id=capture.key_id,
        started_at=capture.started_at,
        ended=capture.ended,
        provider=capture.provider,
        operation=endpoint.operation,
        method=capture.method,
        path=endpoint.path,
        query=capture.query,
        route=capture.route,
        otel_span_id=capture.otel_span_id,
        request_id=read_request_id(dict(capture.response_headers)),
        model=endpoint.model or capture.requested_model,
        status_code=capture.status,
        error_type=_failed(capture),
        rewrites=capture.rewrites,
        attempts=capture.attempts,
        latency_ms=capture.latency_ns / 1e6,
        ttft_ms=None if capture.ttft_ns is None else capture.ttft_ns / 1e6,
        overhead_ms=capture.overhead_ns / 1e6,
        content_lost=capture.content_lost,
        **read_identity(capture.id, dict(capture.request_headers), {}),
    )


def _failed(capture: Capture) -> str | None:
    """The error that the gateway or the status tells of."""
    if capture.error:
        return capture.error
    if capture.status is not None and capture.status >= 400:
        return f"http_{capture.status}"
    return "upstream_failed" if capture.ended is Ended.UPSTREAM_FAILED else None


def _understood(capture: Capture, endpoint: Endpoint, exchange: Exchange) -> Exchange:
    """The exchange with all that its bodies say."""
    wire = _WIRES.get(endpoint.wire or "")
    if wire is None or capture.content_lost:
        return msgspec.structs.replace(exchange, content_lost=capture.content_lost or "unknown_operation")
    request, reply, lost = _bodies(capture)
    failed = capture.status is not None and capture.status >= 400
    body = reply.body if reply.chunks is None else wire.fold(reply.chunks)
    answer = Answer() if failed else wire.answer(body, request)
    failure = read_failure(capture.status, body)
    whole = msgspec.structs.replace(
        exchange,
        model=endpoint.model or text(request.get("model")) or exchange.model,
        response_model=answer.model,
        response_id=answer.id,
        previous_response_id=text(request.get("previous_response_id")),
        error_type=capture.error or failure.type or exchange.error_type,
        stream=request.get("stream") is True or reply.chunks is not None,
        params=read_params(request),
        finish_reasons=answer.finish_reasons,
        usage=answer.usage,
        service_tier=answer.service_tier or word(request.get("service_tier")),
        content_lost=lost,
        **read_identity(capture.id, dict(capture.request_headers), request),
    )
    return whole if lost else _with_content(whole, wire, request, answer, failure.message)


def _with_content(exchange: Exchange, wire: Wire, request: Body, answer: Answer, error: str | None) -> Exchange:
    given = context(mapping(request.get("transom")).get("context"))
    return msgspec.structs.replace(
        exchange,
        error_message=error,
        input_messages=wire.ask(request) + given,
        output_messages=answer.messages,
        tools=read_tools(request),
    )


def _bodies(capture: Capture) -> tuple[Body, Reply, str | None]:
    """The request, the reply, and why content is lost if one can't be read.

    A reply that failed or broke off may be anything; the request is worth keeping all the same.
    """
    lost = None
    try:
        request = read_request(capture.request_body, dict(capture.request_headers))
    except Unreadable:
        request, lost = {}, "unreadable_body"
    try:
        reply = read_reply(capture.response_body, dict(capture.response_headers))
    except Unreadable:
        reply = Reply({})
        if capture.ended is Ended.COMPLETE and (capture.status or 500) < 400:
            lost = "unreadable_body"
    return request, reply, lost
