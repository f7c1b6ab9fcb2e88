"""What is asked of a provider, and what of its answer the client gets."""

from __future__ import annotations

import pytest

from transom.gateway import include_usage
from transom.gateway.include_usage import UsageFilter, ask

CHUNK = b'data: {"id":"c","choices":[{"delta":{"content":"a"}}]}\n\n'
ASKED_CHUNK = b'data: {"id":"c","choices":[{"delta":{"content":"a"}}],"usage":null}\n\n'
USAGE_CHUNK = b'data: {"id":"c","choices":[],"usage":{"total_tokens":3}}\n\n'
DONE = b"data: [DONE]\n\n"


def filtered(*pieces: bytes) -> bytes:
    stream = UsageFilter()
    return b"".join([*map(stream.feed, pieces), stream.end()])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"stream":true}', b'{"stream":true,"stream_options":{"include_usage":true}}'),
        (b' { "stream" : true }\n', b' { "stream" : true ,"stream_options":{"include_usage":true}}\n'),
        (
            b'{"stream":true,"stream_options":null,"x":1.0}',
            b'{"stream":true,"stream_options":{"include_usage":true},"x":1.0}',
        ),
        (b'{"stream_options":{}, "stream":true}', b'{"stream_options":{"include_usage":true}, "stream":true}'),
        (
            b'{"stream":true,"stream_options": { "include_obfuscation": false } }',
            b'{"stream":true,"stream_options": { "include_obfuscation": false ,"include_usage":true} }',
        ),
        (
            b'{"stream":true,"stream_options":{"include_usage":false,"y":"\\u0041"}}',
            b'{"stream":true,"stream_options":{"include_usage":true,"y":"\\u0041"}}',
        ),
        (
            '{"stream":true,"messages":["é \\"stream\\""],"tools":[{"stream":1}]}'.encode(),
            '{"stream":true,"messages":["é \\"stream\\""],"tools":[{"stream":1}],'
            '"stream_options":{"include_usage":true}}'.encode(),
        ),
    ],
)
def test_the_usage_is_asked_for_and_nothing_else_changes(body: bytes, expected: bytes):
    assert ask(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"stream":false}',
        b'{"stream":1}',
        b'{"stream":true',
        b'{"stream":true}}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":{"include_usage":"yes"}}',
        b'{"stream":true,"stream_options":[]}',
        b'{"stream":false,"stream":true}',
        b'{"stream":true,"stream_options":null,"stream_options":{}}',
        b'{"stream":true,"stream_options":{"include_usage":false,"include_usage":false}}',
        b'{"stream":true,"stream_options":null,"x":"\xff"}',
        b"[" * 100_000,
    ],
)
def test_nothing_is_asked_where_the_caller_did_not_ask_for_a_plain_stream(body: bytes):
    assert ask(body) is None


def test_the_client_gets_what_it_would_have_had():
    assert filtered(ASKED_CHUNK, ASKED_CHUNK, USAGE_CHUNK, DONE) == CHUNK + CHUNK + DONE
    assert filtered(ASKED_CHUNK + ASKED_CHUNK + USAGE_CHUNK + DONE) == CHUNK + CHUNK + DONE


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (b'{"choices":[{}],"usage":null,"obfuscation":"x"}', b'{"choices":[{}],"obfuscation":"x"}'),
        (b'{"usage":null,"choices":[{}]}', b'{"choices":[{}]}'),
        (b'{"a":1, "usage": null, "b": 2}', b'{"a":1, "b": 2}'),
        (b'{"a":1 , "usage" : null }', b'{"a":1 }'),
        (b'{"usage":null}', b"{}"),
        (b'{"choices":[],"prompt_filter_results":[{}],"usage":null}', b'{"choices":[],"prompt_filter_results":[{}]}'),
        (b'{"d":{"usage":null,"x":1},"usage":null}', b'{"d":{"usage":null,"x":1}}'),
        (b'{"usage":null,"d":{"x":1,"usage":null}}', b'{"d":{"x":1,"usage":null}}'),
        (b'{"usage":null,"d":[{"x":"}","usage":null}]}', b'{"d":[{"x":"}","usage":null}]}'),
        (b'{"usage":null,"d":"]}"}', b'{"d":"]}"}'),
    ],
)
def test_the_null_goes_with_one_comma_wherever_it_stands(asked: bytes, expected: bytes):
    assert filtered(b"data: " + asked + b"\n\n") == b"data: " + expected + b"\n\n"
    assert filtered(b"data:" + asked + b"\r\n\r\n") == b"data:" + expected + b"\r\n\r\n"


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"choices":[{"index":0}],"usage":{"total_tokens":3}}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\"usage\\":null, \\"choices\\":[]"}}]}\n\n',
        b'data: {"choices":[{"delta":{"x":1,"usage":null}}]}\n\n',
        b'data: {"choices":[],"prompt_filter_results":[]}\n\n',
        b'data: {"choices":[],"usage":3}\n\n',
        b'data: {"usage":{"total_tokens":3}}\n\n',
        b'data: {"x_groq":{"usage":{"total_tokens":3}},"choices":[]}\n\n',
        b'data: {"a":[1,"usage":null}\n\n',
        b'data: {"a":1,"usage":null}}\n\n',
        b'data: {"a":"\xff", "usage" : null}\n\n',
        b'data: {"a":1,\ndata: "usage":null}\n\n',
        b': "usage" {"a":1,"usage":null}\n\n',
        b'event: x\nid: {"a":1,"usage":null}\n\n',
        b"data: " + b"[" * 100_000 + b'"usage"\n\n',
        b"event: ping\ndata: {}\n\n",
        b"\n\n\n",
        DONE,
    ],
)
def test_all_else_passes_as_it_is(event: bytes):
    assert filtered(event) == event
    assert filtered(event[:9], event[9:]) == event


def test_the_usage_chunk_goes_with_its_other_lines_and_its_blank_line():
    named = b"event: chunk\n: note\n" + USAGE_CHUNK
    assert filtered(CHUNK + named + DONE) == CHUNK + DONE
    windows = USAGE_CHUNK.replace(b"\n", b"\r\n")
    assert [filtered(windows[:-n], windows[-n:], DONE) for n in (1, 2, 3, 4)] == [DONE] * 4


def test_a_whole_event_is_never_held_back_and_a_begun_one_is():
    for ending in (b"\n\n", b"\r\n\r\n", b"\r\r"):
        stream = UsageFilter()
        event = ASKED_CHUNK.replace(b"\n\n", ending)
        assert stream.feed(event[:30]) == b""
        assert stream.feed(event[30:]) == CHUNK.replace(b"\n\n", ending)
        assert stream.feed(event + event[:7]) == CHUNK.replace(b"\n\n", ending)


def test_a_heartbeat_passes_at_once():
    stream = UsageFilter()
    assert stream.feed(b": ping\n") == b": ping\n"
    assert stream.feed(b"\n") == b"\n"


def test_a_stream_that_is_torn_off_gives_what_came():
    assert filtered(ASKED_CHUNK[:40]) == ASKED_CHUNK[:40]
    assert filtered(ASKED_CHUNK.rstrip()) == CHUNK.rstrip()
    assert filtered(CHUNK + b"event: x\ndata: {") == CHUNK + b"event: x\ndata: {"


def test_an_event_too_long_to_hold_ends_the_filtering(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(include_usage, "LONGEST_EVENT", 100)
    stream = UsageFilter()
    pieces = [b"data: {", b" " * 60, b" " * 60, b'"a":1,"usage":null}\n\n', ASKED_CHUNK]
    assert [stream.feed(piece) for piece in pieces] == [b"", b"", b"".join(pieces[:3]), *pieces[3:]]
    assert stream.end() == b""


def test_many_short_events_are_not_one_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(include_usage, "LONGEST_EVENT", 100)
    stream = UsageFilter()
    got = [stream.feed(piece) for _ in range(9) for piece in (ASKED_CHUNK[:40], ASKED_CHUNK[40:], b": ping\n")]
    assert b"".join(got) == (CHUNK + b": ping\n") * 9
