"""Transcripts of whole calls: what was sent, what the provider answered, what the client got, what was recorded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from uvicorn.server import ServerState

from tests.unit.gateway.scripted import Answer, FakeTransport, read_answer, serving
from transom.capture.exchange import Capture
from transom.config import Provider, Route, RouteTarget, Settings
from transom.gateway.app import Gateway
from transom.gateway.downstream.connection import Connection
from transom.gateway.feedback import RawFeedback
from transom.secret import Secret
from transom.spool.counts import read_counts
from transom.spool.disk import Disk
from transom.spool.format import Kind
from transom.spool.reader import Position, find_writers
from transom.types import Ended, Withdrawal

KEY = b"k" * 32
JSON = (b"content-type", b"application/json")
CHAT = b'{"model":"gpt-4o","messages":[]}'
ANSWER = b'{"id":"chatcmpl-1"}'
SSE = [b'data: {"id":"chatcmpl-1"}\n\n', b'data: {"x":1}\n\n', b"data: [DONE]\n\n"]


def length(body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + extra + b"content-length: %d\r\n\r\n" % len(body) + body


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
STREAM = STREAM_HEAD + b"".join(map(chunk, SSE)) + b"0\r\n\r\n"


@dataclass
class Client:
    """An app's connection: sends a request, keeps what it gets, and may leave."""

    body: bytes = CHAT
    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: [JSON])
    path: str = "/v1/chat/completions"
    method: str = "POST"
    query: bytes = b""
    on_write: Callable[[bytes], None] = lambda data: None
    wire: FakeTransport = field(default_factory=FakeTransport)
    connection: Connection = field(init=False)

    async def call(self, gateway: Gateway) -> None:
        state = ServerState()
        self.connection = Connection(gateway.desk, state)
        self.wire.on_write = self.on_write
        self.connection.connection_made(self.wire)
        self.connection.data_received(self.request)
        await asyncio.gather(*state.tasks, return_exceptions=True)
        self.connection.connection_lost(None)

    def leave(self) -> None:
        self.connection.connection_lost(None)

    @property
    def request(self) -> bytes:
        target = self.path.encode() + (b"?" + self.query if self.query else b"")
        lines = [f"{self.method} ".encode() + target + b" HTTP/1.1", *(b"%b: %b" % header for header in self.headers)]
        if self.body and b"content-length" not in dict(self.headers):
            lines.append(b"content-length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", b""]) + self.body

    @property
    def got(self) -> Answer:
        return read_answer(bytes(self.wire.written))

    @property
    def status(self) -> int:
        return self.got.status

    @property
    def answer(self) -> bytes:
        return self.got.body

    @property
    def answer_headers(self) -> dict[bytes, bytes]:
        return dict(self.got.headers)


class World:
    """A gateway, one scripted provider, and what lies in the spool."""

    def __init__(self, root: Path, answer: bytes, **settings: Any) -> None:
        self.root, self.answer, self.extra = root, answer, settings
        self.requests: list[bytes] = []
        self.hold = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.stay = False
        self.pieces: list[bytes] = []
        self.script: list[bytes] = []

    async def provide(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length")), 0
                )
                self.requests.append(head + await reader.readexactly(size))
                if self.script:
                    self.answer = self.script.pop(0)
                for piece in self.pieces or [self.answer]:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if not self.stay:
                    writer.close()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.hung_up.set()
            writer.close()

    async def call(self, client: Client) -> Client:
        await client.call(self.gateway)
        return client

    @property
    def captures(self) -> list[Capture]:
        return [
            msgspec.msgpack.decode(p, type=Capture)
            for k, p in self.records
            if k in (Kind.EXCHANGE, Kind.LARGE_EXCHANGE)
        ]

    @property
    def records(self) -> list[tuple[Kind, bytes]]:
        (reader,) = find_writers(self.root / "spool", self.root / "writers", [KEY])
        entries = reader.read(Position(), 1000, 2**30)
        return [(entry.kind, entry.payload or b"") for entry in entries]

    @property
    def begun(self) -> int:
        return sum(read_counts(Disk(), next((self.root / "writers").iterdir())).exchanges.values())


@asynccontextmanager
async def world(root: Path, answer: bytes = b"", **settings: Any) -> AsyncIterator[World]:
    it = World(root, answer, **settings)
    async with serving(it.provide) as base_url:
        held = Provider(base_url=base_url, api_key=SecretStr("held"))
        providers = {"openai": Provider(base_url=base_url), "anthropic": Provider(base_url=base_url), "spare": held}
        providers["gone"] = Provider(base_url="http://127.0.0.1:1", api_key=SecretStr("held"))
        it.gateway = Gateway(Settings(data=root, providers=providers, **settings), Secret(b"s" * 32), KEY)
        try:
            yield it
        finally:
            await it.gateway.client.close()
            await it.gateway.recording.close()


async def test_a_whole_answer_passes_and_is_recorded(tmp_path: Path):
    async with world(tmp_path, length(ANSWER, b"X-Request-Id: req_1\r\nOpenAI-Version: 2020\r\n")) as it:
        client = await it.call(Client(headers=[JSON, (b"authorization", b"Bearer secret")], query=b"a=1"))
        (capture,) = it.captures
    assert (client.status, client.answer) == (200, ANSWER)
    assert it.requests[0].startswith(b"POST /v1/chat/completions?a=1 HTTP/1.1\r\n")
    assert it.requests[0].endswith(CHAT)
    assert b"authorization: Bearer secret" in it.requests[0]
    assert (capture.request_body, capture.response_body, capture.status) == (CHAT, ANSWER, 200)
    assert (capture.provider, capture.ended, capture.error) == ("openai", Ended.COMPLETE, None)
    assert capture.response_headers == [("x-request-id", "req_1")]
    assert b"secret" not in msgspec.msgpack.encode(capture)
    assert capture.latency_ns >= capture.overhead_ns > 0
    assert it.begun == 1


async def test_the_answer_gains_only_our_headers(tmp_path: Path):
    async with world(
        tmp_path, length(ANSWER, b"X-Request-Id: req_1\r\nConnection: keep-alive\r\nSet-Cookie: a\r\n")
    ) as it:
        client = await it.call(Client())
        (capture,) = it.captures
    names = [name for name, _ in client.got.headers]
    own = [b"x-transom-trace-id", b"x-transom-feedback-token", b"server-timing"]
    assert names == [b"X-Request-Id", b"Set-Cookie", b"content-length", *own]
    assert client.answer_headers[b"x-transom-trace-id"].decode() == capture.id


async def test_the_record_is_in_the_spool_before_the_client_has_the_last_event(tmp_path: Path):
    seen: dict[bytes, int] = {}
    async with world(tmp_path, STREAM) as it:
        it.pieces = [STREAM_HEAD, *map(chunk, SSE), b"0\r\n\r\n"]
        client = Client()
        client.on_write = lambda data: seen.setdefault(data, len(it.records))
        await it.call(client)
        (capture,) = it.captures
    assert client.answer == b"".join(SSE)
    assert capture.response_body == b"".join(SSE)
    assert [count for data, count in seen.items() if b"[DONE]" in data] == [1]
    assert next(iter(seen.values())) == 0


async def test_compressed_bytes_pass_as_they_are(tmp_path: Path):
    body = gzip.compress(ANSWER)
    async with world(tmp_path, length(body, b"content-encoding: gzip\r\n")) as it:
        client = await it.call(Client())
        (capture,) = it.captures
    assert client.answer == body == capture.response_body
    assert ("content-encoding", "gzip") in capture.response_headers


async def test_an_alias_changes_only_the_model(tmp_path: Path):
    routes = {"fast": Route(provider="openai", model="gpt-4o-mini")}
    async with world(tmp_path, length(ANSWER), routes=routes) as it:
        await it.call(Client(body=b'{ "model" : "fast" , "x" : 1.0 }'))
        (capture,) = it.captures
    assert it.requests[0].endswith(b'{ "model" : "gpt-4o-mini" , "x" : 1.0 }')
    assert (capture.rewrites, capture.route) == (["alias"], "fast")


OWN_KEY = [JSON, (b"authorization", b"Bearer secret")]
DOWN = b"HTTP/1.1 503 Down\r\ncontent-length: 4\r\n\r\ndown"
BUSY = b"HTTP/1.1 429 Busy\r\nretry-after-ms: 5\r\ncontent-length: 4\r\n\r\nbusy"


def route(*targets: dict[str, Any], **more: Any) -> dict[str, Route]:
    return {"fast": Route(targets=[RouteTarget(**target) for target in targets], **more)}


FIRST, SPARE = {"provider": "openai", "model": "gpt-4o"}, {"provider": "spare", "model": "other", "weight": 0}
FAST = b'{"model":"fast","messages":[]}'


async def test_where_a_provider_fails_another_is_tried_with_the_key_that_is_held_for_it(tmp_path: Path):
    async with world(tmp_path, routes=route(FIRST, SPARE)) as it:
        it.script = [DOWN, length(ANSWER)]
        client = await it.call(Client(body=FAST, headers=OWN_KEY))
        (capture,) = it.captures
    assert (client.status, client.answer) == (200, ANSWER)
    assert [b"Bearer secret" in request for request in it.requests] == [True, False]
    assert b"authorization: Bearer held" in it.requests[1]
    assert [request.rpartition(b"\r\n\r\n")[2] for request in it.requests] == [
        b'{"model":"gpt-4o","messages":[]}',
        b'{"model":"other","messages":[]}',
    ]
    tried = [(attempt.provider, attempt.model, attempt.status) for attempt in capture.attempts]
    assert tried == [("openai", "gpt-4o", 503), ("spare", "other", 200)]
    assert (capture.provider, capture.route, capture.status, capture.ended) == ("spare", "fast", 200, Ended.COMPLETE)


async def test_a_provider_that_cannot_be_reached_is_passed_over(tmp_path: Path):
    async with world(tmp_path, length(ANSWER), routes=route({"provider": "gone"}, SPARE)) as it:
        client = await it.call(Client(body=FAST))
        (capture,) = it.captures
    assert client.status == 200
    assert [attempt.error for attempt in capture.attempts] == ["upstream_unreachable", None]


async def test_a_limit_is_waited_for_and_the_last_answer_passes_as_it_is(tmp_path: Path):
    async with world(tmp_path, routes=route({"provider": "spare"}, retries=2)) as it:
        it.script = [BUSY, BUSY, BUSY]
        client = await it.call(Client(body=FAST))
        (capture,) = it.captures
    assert (client.status, client.answer) == (429, b"busy")
    assert client.answer_headers[b"retry-after-ms"] == b"5"
    assert [attempt.status for attempt in capture.attempts] == [429, 429, 429]


async def test_the_caller_s_own_key_is_used_once(tmp_path: Path):
    async with world(tmp_path, routes=route({"provider": "openai"}, retries=5)) as it:
        it.script = [DOWN, length(ANSWER)]
        client = await it.call(Client(body=FAST, headers=OWN_KEY))
    assert (client.status, client.answer, len(it.requests)) == (503, b"down", 1)


async def test_without_a_route_every_answer_passes_as_it_is(tmp_path: Path):
    async with world(tmp_path, DOWN) as it:
        client = await it.call(Client(path="/spare/v1/chat/completions"))
    assert (client.status, client.answer, len(it.requests)) == (503, b"down", 1)


ASKED = b'{"model":"fast","stream":true}'
EVENT = b'data: {"id":"c","choices":[{"delta":{"content":"a"}}]%b}\n\n'
USAGE = b'data: {"id":"c","choices":[],"usage":{"total_tokens":3}}\n\n'
DONE = b"data: [DONE]\n\n"


def stream_of(*events: bytes) -> bytes:
    return STREAM_HEAD + b"".join(map(chunk, events)) + b"0\r\n\r\n"


async def test_a_stream_is_asked_for_its_usage_and_the_client_does_not_notice(tmp_path: Path):
    answer = stream_of(EVENT % b',"usage":null', USAGE, DONE)
    routes = route({"provider": "openai"}, include_usage=True)
    async with world(tmp_path, answer, routes=routes) as it:
        client = await it.call(Client(body=ASKED, headers=[JSON, (b"accept-encoding", b"gzip")]))
        (capture,) = it.captures
    assert client.answer == EVENT % b"" + DONE
    assert it.requests[0].endswith(b'{"model":"fast","stream":true,"stream_options":{"include_usage":true}}')
    assert b"accept-encoding: identity\r\n" in it.requests[0]
    assert (capture.request_body, capture.rewrites) == (ASKED, ["include_usage"])
    assert USAGE in capture.response_body


@pytest.mark.parametrize(
    ("include_usage", "body"),
    [
        (False, ASKED),
        (True, b'{"model":"fast"}'),
        (True, b'{"model":"fast","stream":true,"stream_options":{"include_usage":true}}'),
    ],
)
async def test_a_stream_is_not_asked_where_that_is_off_or_the_caller_asks(
    tmp_path: Path, include_usage: bool, body: bytes
):
    answer = stream_of(EVENT % b',"usage":null', USAGE, DONE)
    async with world(tmp_path, answer, routes=route({"provider": "openai"}, include_usage=include_usage)) as it:
        client = await it.call(Client(body=body))
        (capture,) = it.captures
    assert client.answer == EVENT % b',"usage":null' + USAGE + DONE
    assert it.requests[0].endswith(body)
    assert capture.rewrites == []


async def test_our_body_field_is_taken_out_and_recorded(tmp_path: Path):
    async with world(tmp_path, length(ANSWER)) as it:
        await it.call(Client(body=b'{"model":"gpt-4o","transom":{"context":["c"]},"messages":[]}'))
        (capture,) = it.captures
    assert it.requests[0].endswith(CHAT)
    assert capture.rewrites == ["transom_field"]
    assert b"context" in capture.request_body


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"", 502, "upstream_closed"),
        (b"nonsense\r\n\r\n", 502, "upstream_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nx: ", 502, "upstream_incomplete"),
    ],
)
async def test_a_provider_that_fails_before_its_first_byte(tmp_path: Path, answer: bytes, status: int, code: str):
    async with world(tmp_path, answer) as it:
        client = await it.call(Client())
        (capture,) = it.captures
    error = msgspec.json.decode(client.answer)["error"]
    assert (client.status, error["code"]) == (status, code)
    assert error["message"].startswith("Transom: ")
    assert (capture.ended, capture.error, capture.status) == (Ended.UPSTREAM_FAILED, code, status)


async def test_anthropic_callers_get_their_errors_shape(tmp_path: Path):
    async with world(tmp_path, b"") as it:
        client = await it.call(Client(path="/v1/messages"))
    assert msgspec.json.decode(client.answer)["type"] == "error"


async def test_a_provider_that_stops_in_mid_stream_cuts_the_client_off_too(tmp_path: Path):
    async with world(tmp_path, STREAM_HEAD + chunk(SSE[0])) as it:
        client = await it.call(Client())
        (capture,) = it.captures
    assert client.answer == SSE[0]
    assert client.wire.closed
    assert not client.got.complete, "so that the client can tell"
    assert (capture.ended, capture.response_body) == (Ended.UPSTREAM_FAILED, SSE[0])


async def test_a_client_that_leaves_ends_the_provider_s_work(tmp_path: Path):
    async with world(tmp_path, STREAM_HEAD + chunk(SSE[0])) as it:
        it.stay = True
        client = Client()
        client.on_write = lambda data: client.leave() if SSE[0] in data else None
        await it.call(client)
        async with asyncio.timeout(2):
            await it.hung_up.wait()
        (capture,) = it.captures
    assert (capture.ended, capture.response_body) == (Ended.CLIENT_LEFT, SSE[0])


async def test_a_body_over_the_limit_is_refused_and_recorded_without_content(tmp_path: Path):
    async with world(tmp_path, b"", limits={"body_bytes": 10}) as it:
        client = await it.call(Client())
        (capture,) = it.captures
    assert client.status == 413
    assert (capture.content_lost, capture.request_body) == ("too_large", b"")


async def test_a_request_signed_for_aws_is_refused_with_the_reason(tmp_path: Path):
    async with world(tmp_path, b"") as it:
        client = await it.call(Client(headers=[JSON, (b"authorization", b"AWS4-HMAC-SHA256 Credential=x")]))
    assert client.status == 400
    assert b"SigV4" in client.answer


async def test_multipart_streams_through_and_is_recorded_as_metadata(tmp_path: Path):
    async with world(tmp_path, length(ANSWER)) as it:
        headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", b"4")]
        client = await it.call(Client(body=b"file", headers=headers, path="/v1/files"))
        (capture,) = it.captures
    assert client.answer == ANSWER
    assert it.requests[0].endswith(b"\r\n\r\nfile")
    assert (capture.content_lost, capture.request_body, capture.response_body) == ("not_captured", b"", b"")


async def test_past_its_bound_the_spool_keeps_metadata(tmp_path: Path):
    async with world(tmp_path, length(ANSWER), spool={"max_bytes": 1}) as it:
        await it.call(Client())
        await it.call(Client())
        captures = it.captures
    assert [c.content_lost for c in captures] == [None, "spool_full"]


async def test_the_caller_s_credential_names_its_records(tmp_path: Path):
    async with world(tmp_path, length(ANSWER)) as it:
        for key in (b"Bearer a", b"Bearer a", b"Bearer b"):
            await it.call(Client(headers=[JSON, (b"authorization", key)]))
        await it.call(Client())
        ids = [c.key_id for c in it.captures]
    assert ids[0] == ids[1] != ids[2]
    assert ids[3] == "anonymous"


async def test_models_are_the_routes_where_there_are_any(tmp_path: Path):
    routes = {"fast": Route(provider="openai", model="gpt-4o-mini")}
    async with world(tmp_path, length(ANSWER), routes=routes) as it:
        openai = await it.call(Client(path="/v1/models", method="GET", body=b""))
        version = (b"anthropic-version", b"2023-06-01")
        anthropic = await it.call(Client(path="/v1/models", method="GET", body=b"", headers=[version]))
    assert [m["id"] for m in msgspec.json.decode(openai.answer)["data"]] == ["fast"]
    assert msgspec.json.decode(anthropic.answer)["data"][0]["type"] == "model"


async def feedback(it: World, path: str, body: Any, *headers: tuple[bytes, bytes], method: str = "POST") -> Client:
    raw = msgspec.json.encode(body)
    size = (b"content-length", str(len(raw)).encode())
    return await it.call(Client(raw, [JSON, size, *headers], path, method))


async def test_feedback_is_kept_under_the_caller_s_key(tmp_path: Path):
    async with world(tmp_path) as it:
        key = (b"authorization", b"Bearer a")
        first = await feedback(it, "/v1/feedback", {"id": "chatcmpl-1", "rating": "down", "comment": "no"}, key)
        again = await feedback(it, "/v1/feedback", {"id": "chatcmpl-1", "rating": "up"}, key)
        other = await feedback(it, "/v1/feedback", {"id": "chatcmpl-1", "rating": "up"})
        kept = [msgspec.msgpack.decode(payload, type=RawFeedback) for _, payload in it.records]
    assert first.status == again.status == other.status == 202
    assert [f.score for f in kept] == [0.0, 1.0, 1.0]
    assert kept[0].id == kept[1].id != kept[2].id
    assert kept[0].comment == "no"
    assert it.begun == 0, "feedback is no exchange"


async def test_feedback_can_be_withdrawn(tmp_path: Path):
    async with world(tmp_path) as it:
        said = await feedback(it, "/v1/feedback", {"id": "x", "rating": "down"})
        given = msgspec.json.decode(said.answer)["feedback_id"]
        gone = await feedback(it, f"/v1/feedback/{given}", None, method="DELETE")
        kind, payload = it.records[-1]
    assert gone.status == 202
    assert (kind, msgspec.msgpack.decode(payload, type=Withdrawal).feedback_id) == (Kind.WITHDRAWAL, given)


async def test_a_token_lets_a_browser_rate_its_answer(tmp_path: Path):
    async with world(tmp_path, length(ANSWER), feedback={"origins": ["https://app.example"]}) as it:
        call = await it.call(Client(headers=[JSON, (b"authorization", b"Bearer a")]))
        token = call.answer_headers[b"x-transom-feedback-token"].decode()
        origin = (b"origin", b"https://app.example")
        rated = await feedback(it, f"/v1/feedback/t/{token}", {"rating": "up"}, origin)
        bad = await feedback(it, "/v1/feedback/t/nonsense", {"rating": "up"})
        stranger = await feedback(it, f"/v1/feedback/t/{token}", {"rating": "up"}, (b"origin", b"https://evil.example"))
        kept = msgspec.msgpack.decode(it.records[1][1], type=RawFeedback)
        (capture,) = it.captures
    assert (rated.status, bad.status) == (202, 401)
    assert rated.answer_headers[b"access-control-allow-origin"] == b"https://app.example"
    assert b"access-control-allow-origin" not in stranger.answer_headers
    assert (kept.target_id, kept.key_id) == (capture.id, capture.key_id)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "x"},
        {"id": "x", "rating": "sideways"},
        {"id": "x", "score": "secret value"},
        {"id": "x", "rating": "up", "secret": 1},
        [],
    ],
)
async def test_bad_feedback_is_told_what_is_wrong_without_quoting_it(tmp_path: Path, body: Any):
    async with world(tmp_path) as it:
        client = await feedback(it, "/v1/feedback", body)
        assert not it.records
    assert client.status == 400
    error = msgspec.json.decode(client.answer)["error"]
    assert error["code"] == "invalid_feedback"
    assert "secret value" not in error["message"]
