"""The load generator, before servers that answer in every way a gateway may."""

from __future__ import annotations

import json
import random
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from evals.relay import load
from evals.relay.load import Address, Load, Tools

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("gcc"), reason="the generator is compiled with gcc"),
]

BODY = b"data: one\n\ndata: two\n\ndata: [DONE]\n\n" * 20
OK = b"HTTP/1.1 200 OK\r\n"
Answer = Callable[[bytes], tuple[list[bytes], bool]]
"""From a request's body to the pieces of its answer, and whether the connection is then closed."""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    folder = tmp_path_factory.mktemp("tools")
    (folder / "mock_upstream.c").write_text("int main(void) { return 0; }")
    return load.build(folder, folder)


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """Answers each call of each connection with the pieces that it is told to; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection, answer), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def serve(connection: socket.socket, answer: Answer) -> None:
    with connection, connection.makefile("rb") as stream:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while head := read_head(stream):
            length = next(line for line in head if line.lower().startswith(b"content-length:"))
            pieces, close = answer(stream.read(int(length.split(b":")[1])))
            for piece in pieces:
                connection.sendall(piece)
            if close:
                return


def read_head(stream: BinaryIO) -> list[bytes]:
    """The lines of a request's head; none where the client is gone."""
    lines = []
    while (line := stream.readline()).strip():
        lines.append(line)
    return lines


def plain(body: bytes) -> tuple[list[bytes], bool]:
    return [OK + b"content-length: %d\r\n\r\n" % len(BODY) + BODY], False


def chunked(body: bytes) -> tuple[list[bytes], bool]:
    """Chunks of any size, sent in pieces of any size."""
    chunks, rest = [], BODY
    while rest:
        size = random.randrange(1, 60)
        chunk, rest = rest[:size], rest[size:]
        chunks.append(b"%X;name=value\r\n%b\r\n" % (len(chunk), chunk))
    whole = OK + b"transfer-encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\ntrailer: yes\r\n\r\n"
    cuts = sorted(random.sample(range(len(whole)), 12))
    return [whole[i:j] for i, j in zip([0, *cuts], [*cuts, None], strict=True)], False


def until_close(body: bytes) -> tuple[list[bytes], bool]:
    return [OK + b"\r\n", BODY], True


def run(tools: Tools, answer: Answer, one: Load) -> load.Outcome:
    with server(answer) as port:
        return load.run(tools, Address(port), one)


@pytest.mark.parametrize("answer", [plain, chunked, until_close])
def test_answers_in_every_framing_are_whole_and_alike(tools: Tools, answer: Answer):
    found = run(tools, answer, Load(connections=8, count=100, stream=True))
    assert (found.sent, found.done, found.failed, found.unlike) == (100, 100, 0, 0)
    assert found.body_bytes == len(BODY)
    assert 0 < found.first_p50_ms <= found.p50_ms <= found.p99_ms


def test_every_body_is_another_and_reads_like_a_chat(tools: Tools):
    seen: list[bytes] = []

    def answer(body: bytes) -> tuple[list[bytes], bool]:
        seen.append(body)
        return plain(body)

    run(tools, answer, Load(connections=4, count=200))
    assert len(set(seen)) == len(seen) == 200
    assert {json.loads(body)["stream"] for body in seen} == {False}
    sizes = [len(body) for body in seen]
    assert 900 < min(sizes) <= max(sizes) < 1200


def test_errors_and_cut_answers_are_failures(tools: Tools):
    answers = {0: [b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno"], 1: [OK + b"content-length: 9\r\n\r\nhalf"]}
    calls = iter(range(100))

    def answer(body: bytes) -> tuple[list[bytes], bool]:
        number = next(calls)
        return (answers[number], number == 1) if number in answers else plain(body)

    found = run(tools, answer, Load(connections=1, count=10))
    assert (found.sent, found.good, found.failed) == (10, 8, 2)


def test_an_answer_that_differs_is_noticed(tools: Tools):
    calls = iter(range(100))

    def answer(body: bytes) -> tuple[list[bytes], bool]:
        sent, close = plain(body)
        return ([sent[0].replace(b"two", b"tow", 1)] if next(calls) == 3 else sent), close

    assert run(tools, answer, Load(connections=1, count=5)).unlike == 1


def test_an_open_loop_counts_from_when_a_call_was_due(tools: Tools):
    release = threading.Event()

    def answer(body: bytes) -> tuple[list[bytes], bool]:
        # The first answer comes late, and all calls that fell due meanwhile on the one connection are late with it.
        if not release.wait(0.2):
            release.set()
        return plain(body)

    found = run(tools, answer, Load(connections=1, rate=100, seconds=0.4))
    assert found.sent == found.good == 40
    assert found.p99_ms > 150
    assert found.p50_ms < found.p99_ms


def test_without_the_load_tools_it_is_said_where_they_are_missed(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="--tools"):
        load.build(tmp_path, tmp_path)
