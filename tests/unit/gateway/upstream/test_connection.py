"""What a connection makes of the bytes that come, without a socket."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable

import pytest

from tests.property.test_upstream import BROKEN, ours, theirs
from tests.unit.gateway.upstream.wireless import Wire, wired
from transom.gateway.upstream.connection import HIGH_WATER, MAX_HEADER_BYTES, TICK_S, Connection
from transom.gateway.upstream.types import UpstreamError

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"content-length: 5\r\n\r\nhello"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def started(first_byte_s: float = 60) -> tuple[Connection, Wire]:
    connection, wire = wired(asyncio.get_running_loop())
    connection.start(b"GET", False, first_byte_s)
    return connection, wire


STRICTER = {
    "a folded header": OK + b"a: b\r\n c\r\ncontent-length: 0\r\n\r\n",
    "a bare line feed after the status": b"HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n",
    "a bare line feed after a header": OK + b"a: b\ncontent-length: 0\r\n\r\n",
    "a control character in a value": OK + b"a: b\x01c\r\ncontent-length: 0\r\n\r\n",
    "both framings": OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "both framings the other way": OK + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "a length said twice": OK + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
    "a list of equal lengths": OK + b"content-length: 5, 5\r\n\r\nhello",
    "a length in a trailer": CHUNKED + b"0\r\ncontent-length: 5\r\n\r\n",
    "a space after a chunk's size": CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n",
    "a version that never was": b"HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n",
    "a status above 599": b"HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n",
}


@pytest.mark.parametrize("what", STRICTER)
async def test_h11_takes_and_we_refuse(what: str):
    assert not theirs(STRICTER[what]).broken
    assert ours(asyncio.get_running_loop(), STRICTER[what], []) == BROKEN


REFUSED = {
    "two lengths": OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    "a NUL in a value": OK + b"a: b\0c\r\ncontent-length: 0\r\n\r\n",
    "a carriage return in a value": OK + b"a: b\rc\r\ncontent-length: 0\r\n\r\n",
    "a space before the colon": OK + b"a : b\r\ncontent-length: 0\r\n\r\n",
    "a space before the first header": OK + b" a: b\r\ncontent-length: 0\r\n\r\n",
    "a header without a name": OK + b": b\r\ncontent-length: 0\r\n\r\n",
    "a signed length": OK + b"content-length: +5\r\n\r\nhello",
    "no length": OK + b"content-length:\r\n\r\nhello",
    "a length beyond 64 bits": OK + b"content-length: 99999999999999999999\r\n\r\nhello",
    "another coding before chunked": OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "another coding": OK + b"transfer-encoding: gzip\r\n\r\nhello",
    "chunked twice": OK + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nhello",
    "bare line feeds around chunks": CHUNKED + b"5\nhello\n0\n\n",
    "protocols switched unasked": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n" + LENGTH,
    "protocols switched in a word": b"HTTP/1.1 101 Switching\r\n\r\n" + LENGTH,
    "a status below 100": b"HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n",
    "a request": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
async def test_h11_refuses_and_so_do_we(what: str):
    assert theirs(REFUSED[what]).broken
    connection, wire = started()
    connection.data_received(REFUSED[what])
    assert connection.error == "upstream_protocol_error"
    assert wire.cut
    assert not connection.reusable
    # Nothing is told of an answer whose head is refused: the caller can still be given another.
    assert connection.status == (200 if "chunk" in what and "coding" not in what and "twice" not in what else 0)


async def test_a_status_comes_with_its_headers_and_the_body_in_the_pieces_in_which_it_came():
    connection, _ = started()
    connection.data_received(CHUNKED + b"3\r\nhel\r\n")
    assert (connection.status, connection.headers) == (200, [(b"transfer-encoding", b"chunked")])
    assert (connection.take(), connection.complete) == (b"hel", False)
    connection.data_received(b"1\r\nl\r\n1\r\no\r\n0\r\nx-trailer: y\r\n\r\n")
    assert (connection.take(), connection.complete) == (b"lo", True)
    assert connection.headers == [(b"transfer-encoding", b"chunked")]
    assert connection.reusable


@pytest.mark.parametrize("extra", [b"HTTP/1.1 20", LENGTH, b"x"])
async def test_bytes_after_an_answer_end_the_connection_and_touch_no_other_answer(extra: bytes):
    for pieces in ([LENGTH + extra], [LENGTH, extra]):
        connection, wire = started()
        for piece in pieces:
            connection.data_received(piece)
        assert (connection.status, connection.take(), connection.complete) == (200, b"hello", True)
        assert len(connection.headers) == 1
        assert wire.cut
        assert not connection.reusable


async def test_a_body_after_an_answer_to_head_ends_the_connection():
    connection, wire = wired(asyncio.get_running_loop())
    connection.start(b"HEAD", True, 60)
    connection.data_received(LENGTH)
    assert (connection.take(), connection.complete) == (b"", True)
    assert wire.cut


async def test_after_an_answer_to_head_the_next_is_read_from_its_start():
    connection, _ = wired(asyncio.get_running_loop())
    connection.start(b"HEAD", True, 60)
    connection.data_received(OK + b"content-length: 5\r\n\r\n")
    assert connection.reusable
    connection.start(b"GET", False, 60)
    connection.data_received(LENGTH)
    assert (connection.take(), connection.complete) == (b"hello", True)


@pytest.mark.parametrize(
    ("before", "step"),
    [
        (OK, b"x-a: " + b"a" * 995 + b"\r\n"),
        (OK + b"x-endless: ", b"a" * 1000),
        (b"", b"HTTP/1.1 103 Early Hints\r\nlink: " + b"a" * 962 + b"\r\n\r\n"),
        (CHUNKED + b"5;", b"a" * 1000),
        (CHUNKED + b"0\r\n", b"x-a: " + b"a" * 995 + b"\r\n"),
    ],
    ids=["headers", "a header", "interim answers", "a chunk's extension", "trailers"],
)
async def test_what_is_no_body_is_bounded(before: bytes, step: bytes):
    connection, wire = started()
    connection.data_received(before or b"\r\n")
    for _ in range(MAX_HEADER_BYTES // 1000 - 1):
        connection.data_received(step)
    assert connection.error is None
    for _ in range(3):
        if connection.usable:
            connection.data_received(step)
    assert connection.error == "upstream_protocol_error"
    assert wire.cut


async def test_a_head_over_the_limit_is_refused_when_it_comes_at_once_too():
    connection, _ = started()
    connection.data_received(OK + b"x: " + b"a" * (MAX_HEADER_BYTES + 1) + b"\r\ncontent-length: 0\r\n\r\n")
    assert connection.error == "upstream_protocol_error"
    connection, _ = started()
    body = b"a" * MAX_HEADER_BYTES
    connection.data_received(OK)
    connection.data_received(b"content-length: %d\r\n\r\n" % len(body) + body)
    assert connection.complete


async def test_a_stream_of_tiny_pieces_is_no_head_however_long_it_is():
    connection, _ = started()
    connection.data_received(CHUNKED)
    for _ in range(MAX_HEADER_BYTES // 2):
        connection.data_received(b"1;\r\n"[:1] + b"\r\n")
        connection.data_received(b"a\r\n")
        connection.take()
    assert connection.error is None


async def test_unread_bytes_pause_the_provider_and_its_time_limit():
    connection, wire = started()
    connection.data_received(OK + b"content-length: 1000000\r\n\r\n" + b"a" * (HIGH_WATER + 1))
    assert wire.paused
    connection.check_deadline(connection._clock.now + 1e9)
    assert len(connection.take()) == HIGH_WATER + 1
    assert not wire.paused
    connection.check_deadline(connection._clock.now + 60)
    assert connection.error is None
    connection.check_deadline(connection._clock.now + 60 + 3 * TICK_S)
    assert connection.error == "upstream_timeout"
    assert wire.cut


async def test_the_first_byte_has_a_limit_of_its_own_and_no_limit_comes_early():
    connection, wire = started(first_byte_s=2)
    began = connection._clock.now
    connection.check_deadline(began + 2 + TICK_S)
    assert connection.error is None
    connection.check_deadline(began + 2 + 2 * TICK_S)
    assert connection.error == "upstream_timeout"
    assert wire.cut


async def test_a_finished_answer_runs_into_no_limit():
    connection, wire = started(first_byte_s=2)
    connection.data_received(LENGTH)
    connection.check_deadline(connection._clock.now + 1e9)
    assert not wire.cut
    assert connection.take() == b"hello"


async def test_only_the_providers_own_end_ends_a_body_without_a_length():
    for ends, expected in ((True, True), (False, False)):
        connection, _ = started()
        connection.data_received(OK + b"\r\nhello")
        if ends:
            connection.eof_received()
        connection.connection_lost(None)
        assert (connection.take(), connection.complete) == (b"hello", expected)
        assert connection.error == (None if expected else "upstream_incomplete")


async def test_what_is_wrong_is_told_to_who_waits_and_who_comes_later():
    connection, _ = started()
    waiting = connection.progress()
    connection.connection_lost(ConnectionResetError())
    await waiting
    with pytest.raises(UpstreamError, match="upstream_closed"):
        connection.progress()


async def test_a_request_on_a_connection_that_is_gone_is_an_error():
    connection, _ = wired(asyncio.get_running_loop())
    connection.connection_lost(None)
    with pytest.raises(UpstreamError, match="upstream_closed"):
        connection.start(b"GET", False, 60)


async def test_an_answer_before_the_request_was_taken_ends_the_connection():
    connection, _ = started()
    connection.pause_writing()
    connection.data_received(LENGTH)
    assert connection.complete
    assert not connection.reusable


# ------------------------------------------------------------------ uploads


class Source:
    """Gives a piece of body each time it is told to."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(0)

    async def pieces(self, count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            await self.turns.acquire()
            yield b"x"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def uploading(connection: Connection, source: Source, count: int) -> asyncio.Task[None]:
    task = asyncio.create_task(connection.upload(source.pieces(count)))
    await until(lambda: connection.deadline == math.inf)
    return task


async def test_the_time_that_a_bodys_source_takes_is_not_the_providers():
    connection, wire = started(first_byte_s=2)
    source = Source()
    task = await uploading(connection, source, 1)
    connection.check_deadline(connection._clock.now + 1e9)
    source.turns.release()
    await until(lambda: connection.deadline != math.inf)
    assert wire.written == b"GETx"
    connection.check_deadline(connection._clock.now + 1e9)
    with pytest.raises(UpstreamError, match="upstream_timeout"):
        await task


async def test_a_provider_that_takes_nothing_runs_into_the_limit_of_the_first_byte():
    connection, _ = started(first_byte_s=2)
    source = Source()
    task = await uploading(connection, source, 2)
    connection.pause_writing()
    source.turns.release()
    await until(lambda: connection.deadline != math.inf)
    connection.check_deadline(connection._clock.now + 1e9)
    with pytest.raises(UpstreamError, match="upstream_timeout"):
        await task


async def test_a_provider_that_takes_a_piece_late_gets_the_next():
    connection, wire = started()
    source = Source()
    task = await uploading(connection, source, 3)
    connection.pause_writing()
    source.turns.release()
    await until(lambda: connection.deadline != math.inf)
    source.turns.release()
    await asyncio.sleep(0)
    assert wire.written == b"GETx"
    connection.resume_writing()
    await until(lambda: wire.written == b"GETxx")
    await until(lambda: connection.deadline == math.inf)
    source.turns.release()
    await until(lambda: wire.written == b"GETxxx")
    connection.data_received(LENGTH)
    await task
    assert connection.reusable


async def test_an_answer_before_a_bodys_end_ends_the_connection_after_it():
    connection, _ = started()
    task = await uploading(connection, Source(), 1)
    connection.data_received(LENGTH)
    await task
    assert (connection.take(), connection.complete) == (b"hello", True)
    assert not connection.reusable


async def test_a_connection_lost_while_a_body_waits_to_be_taken_ends_the_upload():
    connection, _ = started()
    source = Source()
    task = await uploading(connection, source, 1)
    connection.pause_writing()
    source.turns.release()
    await until(lambda: connection.deadline != math.inf)
    connection.connection_lost(ConnectionResetError())
    with pytest.raises(UpstreamError, match="upstream_closed"):
        await task
