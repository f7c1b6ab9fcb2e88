"""On recorded streams: asking for the usage and filtering the answer leaves the client with what it would have had."""

from __future__ import annotations

import json
import random
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from tests.providers.recorded import Row, rows
from transom.gateway.include_usage import UsageFilter, ask

pytestmark = pytest.mark.skipif(not rows(), reason="no recorded traffic beside this checkout")

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@cache
def streams(host: str, path: str, asked: bool) -> list[Row]:
    """Recorded streams for which the client asked, or didn't ask, for the usage."""
    found = [row for row in rows() if row.host == host and row.path.startswith(path) and row.streamed]
    return [row for row in found if row.status == 200 and ("include_usage" in row.request_body) == asked]


def filtered(body: bytes, seed: int | None = None) -> bytes:
    """The filtered stream; with a seed, from pieces of random sizes."""
    places = sorted(random.Random(seed).choices(range(len(body) + 1), k=0 if seed is None else len(body) // 100))
    stream = UsageFilter()
    pieces = [stream.feed(body[start:end]) for start, end in pairwise([0, *places, len(body)])]
    return b"".join(pieces) + stream.end()


def chunks(body: bytes) -> list[dict[str, Any]]:
    data = [event.removeprefix(b"data:") for event in body.split(b"\n\n")]
    return [json.loads(one) for one in data if one.strip().startswith(b"{")]


def shape(value: Any) -> Any:
    """The names of members in their order, all the way down."""
    if isinstance(value, dict):
        return tuple((name, shape(inner)) for name, inner in value.items())
    return tuple(map(shape, value)) if isinstance(value, list) else None


def as_if_asked(body: bytes) -> bytes:
    """What the provider would have sent had it been asked, as OpenAI's reference has it."""
    *events, done, rest = body.replace(b"}\n\n", b',"usage":null}\n\n').split(b"\n\n")
    assert done == b"data: [DONE]"
    last = chunks(body)[-1] | {"choices": [], "usage": USAGE}
    usage = b"data: " + json.dumps(last, separators=(",", ":")).encode()
    return b"\n\n".join([*events, usage, done, rest])


OPENAI = ("api.openai.com", "/v1/chat/completions")


def test_openai_s_streams_lose_the_usage_and_nothing_else():
    asked = streams(*OPENAI, asked=True)
    assert len(asked) == 6
    for row in asked:
        body = row.response_body.encode()
        *plain, usage = chunks(body)
        assert usage["choices"] == [] and usage["usage"]["total_tokens"] > 0
        got = filtered(body)
        events = [event for event in body.split(b"\n\n") if b'"choices":[],"usage":{' not in event]
        assert got == b"\n\n".join(event.replace(b'"usage":null,', b"") for event in events)
        assert chunks(got) == [{k: v for k, v in chunk.items() if k != "usage"} for chunk in plain]


def test_what_is_left_has_the_shape_of_streams_that_nobody_asked():
    unasked = {shape(c) for row in streams(*OPENAI, asked=False) for c in chunks(row.response_body.encode())}
    left = {shape(c) for row in streams(*OPENAI, asked=True) for c in chunks(filtered(row.response_body.encode()))}
    assert left and left <= unasked


@pytest.mark.parametrize("where", [OPENAI, ("traceloop-stg.openai.azure.com", "/openai")])
def test_streams_that_nobody_asked_come_back_from_asking_to_the_byte(where: tuple[str, str]):
    unasked = streams(*where, asked=False)
    assert unasked
    for row in unasked:
        body = row.response_body.encode()
        assert filtered(as_if_asked(body)) == body
        assert filtered(as_if_asked(body), seed=row.number) == body


def test_every_recorded_stream_gives_the_same_in_any_pieces():
    for row in rows():
        if row.streamed:
            body = row.response_body.encode()
            assert filtered(body, seed=row.number) == filtered(body)


def test_every_recorded_request_for_a_stream_can_be_asked():
    for row in streams(*OPENAI, asked=False):
        body = row.request_body.encode()
        asked = ask(body)
        assert asked is not None
        assert json.loads(asked) == json.loads(body) | {"stream_options": {"include_usage": True}}
        assert asked.replace(b',"stream_options":{"include_usage":true}', b"") == body
    for row in streams(*OPENAI, asked=True):
        assert ask(row.request_body.encode()) is None


def test_vllm_s_completions_have_the_null_unasked():
    """Why only chat completions are asked."""
    unasked = streams("localhost:8000", "/v1/completions", asked=False)
    assert unasked
    assert all(filtered(row.response_body.encode()) != row.response_body.encode() for row in unasked)
