"""However a response is cut into pieces, the client reads the same, and it reads what h11 reads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.upstream.wireless import wired
from transom.gateway.upstream.connection import Connection

Headers = list[tuple[bytes, bytes]]


class Read(NamedTuple):
    """What a client made of a response; `broken` stands for every error."""

    status: int
    headers: Headers
    body: bytes
    broken: bool


BROKEN = Read(0, [], b"", True)

# ------------------------------------------------------------------ responses

TOKENS = st.sampled_from([b"x-a", b"Date", b"Content-Type", b"Server", b"set-cookie", b"X-Request-ID", b"via"])
VALUES = st.sampled_from([b"", b"a", b"a, b", b'"q; \\" "', b"text/event-stream", b"\xfc\xff", b"a\tb", b"0" * 300])
SPACES = st.sampled_from([b"", b" ", b"  ", b"\t"])
FIELDS = st.lists(
    st.builds(lambda n, s, v, e: n + b":" + s + v + e + b"\r\n", TOKENS, SPACES, VALUES, SPACES), max_size=5
)
REASONS = st.sampled_from([b" OK", b" ", b"", b" Not so \xfc good"])
BODIES = st.sampled_from([b"", b"hello", b"0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 2000]) | st.binary(
    max_size=50
)
EXTENSIONS = st.sampled_from([b"", b"", b";a", b";a=b", b';a="b c"', b";a=b;c=d"])
INTERIMS = st.lists(
    st.builds(
        lambda status, fields: b"HTTP/1.1 %d Wait\r\n" % status + b"".join(fields) + b"\r\n",
        st.sampled_from([100, 102, 103]),
        FIELDS,
    ),
    max_size=3,
).map(b"".join)


@st.composite
def chunked(draw: st.DrawFn) -> tuple[bytes, bytes]:
    chunks = draw(st.lists(BODIES.filter(len), max_size=4))
    framed = [b"%x%b\r\n%b\r\n" % (len(one), draw(EXTENSIONS), one) for one in chunks]
    last = draw(st.sampled_from([b"0", b"000"])) + draw(EXTENSIONS) + b"\r\n"
    trailers = b"".join(draw(FIELDS))
    return b"Transfer-Encoding: chunked\r\n", b"".join(framed) + last + trailers + b"\r\n"


@st.composite
def framed(draw: st.DrawFn) -> tuple[bytes, bytes]:
    body = draw(BODIES)
    kind = draw(st.sampled_from(["length", "chunked", "close"]))
    if kind == "chunked":
        return draw(chunked())
    return (b"content-length:%d\r\n" % len(body), body) if kind == "length" else (b"", body)


@st.composite
def responses(draw: st.DrawFn, head_only: bool = False) -> bytes:
    """A valid response, and now and then bytes after it that don't belong to it."""
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    status = draw(st.sampled_from([200, 200, 200, 201, 204, 304, 400, 429, 500, 599]))
    framing, body = draw(framed())
    connection = draw(st.sampled_from([b"", b"", b"Connection: close\r\n", b"connection: keep-alive\r\n"]))
    fields = draw(st.permutations([framing, connection, *draw(FIELDS)]))
    line = b"HTTP/%b %d%b\r\n" % (version, status, draw(REASONS))
    if head_only or status in (204, 304):
        body = draw(st.sampled_from([b"", b"", body]))
    return draw(INTERIMS) + line + b"".join(fields) + b"\r\n" + body


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A response with a byte or two too few, too many or in place of others, or without its end."""
    raw = draw(responses())
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(raw)))
        gone = draw(st.integers(0, 2))
        put = draw(st.sampled_from([b"", b"", b"\r", b"\n", b"\0", b" ", b":", b",", b";", b"0", b"9", b"z", b"\x7f"]))
        raw = raw[:at] + put + raw[at + gone :]
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw


CUTS = st.lists(st.integers(0, 3000), max_size=12)


def pieces(raw: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    return (raw[start:end] for start, end in pairwise(edges) if end > start)


# ------------------------------------------------------------------ readers


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def feed(connection: Connection, raw: bytes, cuts: list[int]) -> None:
    for piece in pieces(raw, cuts):
        if not connection.usable:
            return
        connection.data_received(piece)


def outcome(connection: Connection) -> Read:
    if not connection.complete:
        return BROKEN
    return Read(connection.status, comparable(connection.headers), connection.take(), False)


def ours(loop: asyncio.AbstractEventLoop, raw: bytes, cuts: list[int], head_only: bool = False) -> Read:
    """What our client makes of a response and the connection's end after it."""
    connection, _ = wired(loop)
    connection.start(b"", head_only, 60)
    feed(connection, raw, cuts)
    if connection.usable:
        connection.eof_received()
    connection.connection_lost(None)
    return outcome(connection)


def theirs(raw: bytes, head_only: bool = False) -> Read:
    """What h11 makes of it."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**20)
    connection.send(h11.Request(method="HEAD" if head_only else "GET", target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    status, headers, body = 0, [], b""
    try:
        connection.receive_data(raw)
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, list(event.headers)
            elif isinstance(event, h11.Data):
                body += event.data
            elif event is h11.NEED_DATA:
                connection.receive_data(b"")
            elif isinstance(event, h11.ConnectionClosed):
                return BROKEN
    except h11.RemoteProtocolError:
        return BROKEN
    return Read(status, headers, body, False)


def comparable(headers: Headers) -> Headers:
    """h11 makes names small and takes white space after values off; the relay passes both on as they came."""
    return [(name.lower(), value.rstrip(b" \t")) for name, value in headers]


# ------------------------------------------------------------------ properties


@given(raw=responses(), cuts=CUTS)
def test_any_split_of_any_response_reads_as_h11_reads_it(
    loop: asyncio.AbstractEventLoop, raw: bytes, cuts: list[int]
) -> None:
    expected = theirs(raw)
    assert not expected.broken
    assert ours(loop, raw, cuts) == expected


@given(raw=responses(head_only=True), cuts=CUTS)
def test_any_split_of_an_answer_to_head_reads_as_h11_reads_it(
    loop: asyncio.AbstractEventLoop, raw: bytes, cuts: list[int]
) -> None:
    assert ours(loop, raw, cuts, head_only=True) == theirs(raw, head_only=True)


def is_let_pass(raw: bytes) -> bool:
    """Whether a response is broken in a way that h11 refuses and llhttp lets pass, to no harm: what is affected is
    neither framing nor told to anyone. Line ends before the status line, odd bytes in the reason phrase, a chunk size
    with very many zeros."""
    return bool(re.search(rb"^[\r\n]|[\r\n]{5,}HTTP/|HTTP/\d\.\d \d{3} [^\r\n]*[\0-\x1f\x7f]|\n0{20}", raw))


@given(raw=spoiled(), cuts=CUTS)
def test_any_split_of_a_spoiled_response_reads_as_h11_reads_it_or_is_an_error(
    loop: asyncio.AbstractEventLoop, raw: bytes, cuts: list[int]
) -> None:
    whole = ours(loop, raw, [])
    assert ours(loop, raw, cuts) == whole
    assert whole.broken or whole == theirs(raw) or is_let_pass(raw)


@given(st.binary(max_size=200), CUTS)
def test_noise_is_an_error_in_any_split(raw: bytes, cuts: list[int]) -> None:
    loop = asyncio.new_event_loop()
    try:
        assert ours(loop, raw, cuts) == BROKEN
    finally:
        loop.close()


@given(st.lists(st.tuples(responses(), CUTS), min_size=2, max_size=4))
def test_a_kept_connection_reads_each_response_as_a_new_one_would(exchanges: list[tuple[bytes, list[int]]]) -> None:
    loop = asyncio.new_event_loop()
    try:
        connection, _ = wired(loop)
        for raw, cuts in exchanges:
            connection.start(b"", False, 60)
            feed(connection, raw, cuts)
            if not connection.reusable:
                break
            assert outcome(connection) == ours(loop, raw, [])
    finally:
        loop.close()
