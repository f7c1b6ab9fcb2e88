"""What goes wrong with redaction in other gateways: each is tried here, from the bytes of a call to what is stored.

A failing analyzer lets the prompt through or fails the call; a second object holds it raw; the caller gets the masked
answer; responses, streams, other APIs and tools' arguments are skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.providers.recorded import serving
from tests.running import Running, running
from transom.capture.assemble import assemble
from transom.capture.exchange import Capture
from transom.config import Redaction, Settings, shipped
from transom.record.stages import Stages
from transom.redact.pool import RedactionPool
from transom.redact.redactor import Redactor
from transom.secret import Secret
from transom.spool.format import Kind
from transom.spool.reader import Entry, Position
from transom.types import Cost, Ended, OutcomeState, RedactedExchange, Usage, uuid7
from transom.usage.pricing import PriceBook

SECRET = Secret(b"s" * 32)
ASKED, ANSWERED, PASSED = "asked@example.com", "answered@example.com", "passed@example.com"
ARGUMENTS = json.dumps({"to": PASSED, "copies": [PASSED]})

PLUGIN = """
from transom.plugins import hookimpl
from transom.redact.finding import Recognizer

def find(text):
    if "@example.com" in text:
        raise RuntimeError(text)
    return []

@hookimpl
def register_recognizers(registry):
    registry.add(Recognizer("analyzer", ("TROUBLE",), find))
"""


def events(*data: Any, named: bool = False) -> bytes:
    """A stream of server-sent events."""
    lines = [(f"event: {one['type']}\n" if named else "") + f"data: {json.dumps(one)}\n\n" for one in data]
    return "".join([*lines, "" if named else "data: [DONE]\n\n"]).encode()


def pieces(text: str) -> list[str]:
    """A text as a model streams it: no piece holds an address whole."""
    return [text[at : at + 3] for at in range(0, len(text), 3)]


CALL = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": ARGUMENTS}}
CHAT = {
    "model": "m",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": f"I am {ASKED}"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": ARGUMENTS},
    ],
}
CHAT_ANSWER = {
    "id": "chatcmpl-1",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ANSWERED, "tool_calls": [CALL]},
            "finish_reason": "stop",
        }
    ],
}
CHAT_STREAM = events(
    *({"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": each}}]} for each in pieces(ANSWERED)),
    *(
        {
            "id": "1",
            "model": "m",
            "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": each}}]}}],
        }
        for each in pieces(ARGUMENTS)
    ),
)
RESPONSES = {
    "model": "m",
    "instructions": f"You serve {ASKED}",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": ASKED}]},
        {"type": "function_call", "call_id": "c1", "name": "send", "arguments": ARGUMENTS},
        {"type": "function_call_output", "call_id": "c1", "output": ARGUMENTS},
    ],
}
RESPONSES_ANSWER = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "m",
    "output": [
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": PASSED}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": ANSWERED}]},
        {"type": "function_call", "call_id": "c2", "name": "send", "arguments": ARGUMENTS},
    ],
}
RESPONSES_STREAM = events(
    {"type": "response.created", "response": RESPONSES_ANSWER | {"output": [], "status": "in_progress"}},
    {"type": "response.completed", "response": RESPONSES_ANSWER},
    named=True,
)
MESSAGES = {
    "model": "m",
    "max_tokens": 9,
    "system": f"You serve {ASKED}",
    "messages": [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "send", "input": {"to": PASSED}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": PASSED}]}],
        },
    ],
}
MESSAGES_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": PASSED, "signature": "s"},
        {"type": "text", "text": ANSWERED},
        {"type": "tool_use", "id": "t2", "name": "send", "input": {"to": PASSED}},
    ],
    "stop_reason": "end_turn",
}
MESSAGES_STREAM = events(
    {"type": "message_start", "message": MESSAGES_ANSWER | {"content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    *(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}}
        for each in pieces(ANSWERED)
    ),
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": MESSAGES_ANSWER["content"][2] | {"input": {}}},
    *(
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": each}}
        for each in pieces(ARGUMENTS)
    ),
    {"type": "content_block_stop", "index": 1},
    {"type": "message_stop"},
    named=True,
)
COMPLETION_ANSWER = {"id": "cmpl-1", "model": "m", "choices": [{"index": 0, "text": f"{ANSWERED} {PASSED}"}]}

CALLS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "chat": ("/v1/chat/completions", CHAT, CHAT_ANSWER),
    "chat stream": ("/v1/chat/completions", CHAT | {"stream": True}, CHAT_STREAM),
    "responses": ("/v1/responses", RESPONSES, RESPONSES_ANSWER),
    "responses stream": ("/v1/responses", RESPONSES | {"stream": True}, RESPONSES_STREAM),
    "messages": ("/v1/messages", MESSAGES, MESSAGES_ANSWER),
    "messages stream": ("/v1/messages", MESSAGES | {"stream": True}, MESSAGES_STREAM),
    "completion": ("/v1/completions", {"model": "m", "prompt": ASKED}, COMPLETION_ANSWER),
}


def capture(name: str, **changes: Any) -> Capture:
    """A call as the gateway saw it."""
    path, request, answer = CALLS[name]
    streamed = isinstance(answer, bytes)
    seen = Capture(
        id=uuid7(),
        project_id="default",
        key_id="k_1",
        started_at=1_700_000_000 * 10**9,
        method="POST",
        path=path,
        query="",
        provider="anthropic" if "messages" in path else "openai",
        route=None,
        otel_span_id="1" * 16,
        request_headers=[("content-type", "application/json")],
        request_body=json.dumps(request).encode(),
        status=200,
        response_headers=[("content-type", "text/event-stream" if streamed else "application/json")],
        response_body=answer if streamed else json.dumps(answer).encode(),
        ended=Ended.COMPLETE,
        latency_ns=5 * 10**6,
        ttft_ns=4 * 10**6,
        overhead_ns=10**5,
    )
    return msgspec.structs.replace(seen, **changes)


def everything(stored: Any) -> str:
    return msgspec.json.encode(stored).decode()


@pytest.fixture(scope="module")
def redact() -> Callable[[Capture], RedactedExchange]:
    redactor = Redactor(Settings(redaction=Redaction(profile="fast")), SECRET)
    return lambda seen: redactor.redact(assemble(seen), Usage(), Cost())


@pytest.mark.parametrize("name", CALLS)
def test_no_api_no_stream_and_no_tools_arguments_are_skipped(redact: Callable[[Capture], RedactedExchange], name: str):
    redacted = redact(capture(name))
    stored = everything(redacted)
    assert not [value for value in (ASKED, ANSWERED, PASSED) if value in stored]
    assert everything(redacted.output_messages).count("<EMAIL_ADDRESS:") >= 2
    assert "<EMAIL_ADDRESS:" in everything(redacted.input_messages)
    assert redacted.outcome.state is OutcomeState.STORED


def test_the_body_of_an_error_is_redacted_too(redact: Callable[[Capture], RedactedExchange]):
    body = {"error": {"message": f"no credit left for {ANSWERED}", "type": "bad", "param": None, "code": PASSED}}
    redacted = redact(capture("chat", status=400, response_body=json.dumps(body).encode()))
    assert redacted.error_message
    assert ANSWERED not in everything(redacted)
    assert PASSED not in everything(redacted)


def entry(seen: Capture) -> Entry:
    return Entry(Kind.EXCHANGE, 0, seen.started_at, msgspec.msgpack.encode(seen), None, Position())


@pytest.fixture
def analyzer_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recognizer that fails at each text with an address in it, in the processes that start from now on."""
    install_plugin(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


def install_plugin(folder: Path) -> None:
    info = folder / "analyzer-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: analyzer\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[transom]\nanalyzer = analyzer_plugin\n")
    (folder / "analyzer_plugin.py").write_text(PLUGIN)


@pytest.mark.parametrize("name", CALLS)
async def test_where_an_analyzer_fails_only_metadata_is_kept(
    analyzer_down: None, name: str, capfd: pytest.CaptureFixture[str]
):
    async with RedactionPool(Settings(redaction=Redaction(profile="fast")), SECRET) as pool:
        stages = Stages(PriceBook.load(shipped("prices.json")), pool, SECRET)
        recorded = await stages.process(entry(capture(name)))
    assert isinstance(recorded, RedactedExchange)
    assert (recorded.outcome.state, recorded.outcome.reason) == (OutcomeState.METADATA_ONLY, "redaction_error")
    assert "@example.com" not in everything(recorded)
    shown = capfd.readouterr()
    assert "@example.com" not in shown.out + shown.err


async def test_what_is_handed_on_holds_nothing_raw_and_the_call_itself_is_left_alone():
    seen = capture("chat")
    payload = msgspec.msgpack.encode(seen)
    async with RedactionPool(Settings(redaction=Redaction(profile="fast")), SECRET) as pool:
        stages = Stages(PriceBook.load(shipped("prices.json")), pool, SECRET)
        recorded = await stages.process(entry(seen))
        kept = list(pool._cache._entries.values())
    assert not [value for value in (ASKED, ANSWERED, PASSED) if value in everything(recorded) or value in str(kept)]
    assert kept
    assert msgspec.msgpack.encode(seen) == payload


async def provider(request: Request) -> Response:
    streamed = (await request.json()).get("stream", False)
    path = request.url.path
    answer = next(a for where, asked, a in CALLS.values() if (where, asked.get("stream", False)) == (path, streamed))
    if isinstance(answer, bytes):
        return StreamingResponse(chunks(answer), media_type="text/event-stream")
    return JSONResponse(answer)


async def chunks(answer: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(answer), 100):
        yield answer[at : at + 100]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """One whose redaction fails at everything that holds an address."""
    install_plugin(tmp_path)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    with serving(Starlette(routes=[Route("/{path:path}", provider, methods=["POST"])])) as upstream:
        settings = {f"TRANSOM_PROVIDERS__{name}__BASE_URL": upstream for name in ("OPENAI", "ANTHROPIC")}
        with running(tmp_path, PYTHONPATH=path, TRANSOM_REDACTION__PROFILE="fast", **settings) as it:
            yield it


@pytest.mark.slow
def test_callers_get_every_answer_as_it_is_while_redaction_fails(server: Running):
    for path, request, answer in CALLS.values():
        headers = {"anthropic-version": "2023-06-01"} if "messages" in path else {}
        got = httpx.post(server.base_url + path, json=request, headers=headers, timeout=60)
        assert got.status_code == 200
        assert got.content == (answer if isinstance(answer, bytes) else JSONResponse(answer).body)
    assert server.wait_for_outcomes(len(CALLS))["metadata_only"] == len(CALLS)
