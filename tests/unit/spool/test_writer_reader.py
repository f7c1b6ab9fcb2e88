"""What a writer appends, a reader finds: in order, once, through tears and kills."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transom.spool.format import LARGE_BYTES, Kind
from transom.spool.reader import Position, SpoolReader, find_writers
from transom.spool.writer import SpoolError, SpoolWriter

KEY = b"k" * 32
START = Position()


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    return SpoolWriter(tmp_path / "spool", tmp_path / "writers", KEY, file_bytes=2**20, max_bytes=2**30)


def reader_of(writer: SpoolWriter, *keys: bytes) -> SpoolReader:
    counts = writer.folder.parents[1] / "writers" / f"{writer.folder.name}.counts"
    return SpoolReader(writer.folder, counts, list(keys or (KEY,)))


def payloads(reader: SpoolReader, position: Position = START) -> list[bytes | None]:
    return [entry.payload for entry in reader.read(position, 1000, 2**30)]


def put(writer: SpoolWriter, *items: bytes) -> None:
    for item in items:
        writer.append(Kind.EXCHANGE, writer.begin(1), 1, item)


def test_records_come_back_in_order_with_their_numbers(writer: SpoolWriter):
    put(writer, b"one", b"two")
    entries = reader_of(writer).read(Position(), 10, 10**6)
    assert [(e.seq, e.payload) for e in entries] == [(1, b"one"), (2, b"two")]


def test_reading_goes_on_from_a_position(writer: SpoolWriter):
    put(writer, b"one", b"two")
    reader = reader_of(writer)
    first = reader.read(Position(), 1, 10**6)
    put(writer, b"three")
    assert payloads(reader, Position.parse(str(first[-1].after))) == [b"two", b"three"]


@settings(max_examples=30, deadline=None)
@given(items=st.lists(st.binary(max_size=200), max_size=30), batch=st.integers(1, 7), file_bytes=st.integers(80, 900))
def test_any_batches_over_any_rotation_give_every_record_once(
    tmp_path_factory: pytest.TempPathFactory, items: list[bytes], batch: int, file_bytes: int
):
    root = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter(root / "spool", root / "writers", KEY, file_bytes, 2**30)
    put(writer, *items)
    reader, position, found = reader_of(writer), Position(), []
    while entries := reader.read(position, batch, 10**6):
        found += [entry.payload for entry in entries]
        position = entries[-1].after
        reader.forget(entries, position)
    assert found == items
    assert len(list(writer.folder.glob("*.spool"))) <= 1 + (len(items) > 0)
    writer.close()


def test_a_large_payload_goes_to_a_file_of_its_own_and_is_deleted_when_recorded(writer: SpoolWriter):
    large = os.urandom(LARGE_BYTES + 12_345)
    put(writer, b"small", large, b"after")
    reader = reader_of(writer)
    entries = reader.read(Position(), 10, 10**9)
    assert [entry.payload for entry in entries] == [b"small", large, b"after"]
    assert list(writer.folder.glob("*.large"))
    reader.forget(entries, entries[-1].after)
    assert not list(writer.folder.glob("*.large"))


@pytest.mark.parametrize("cut", [1, 5, 20, 30])
def test_a_torn_tail_is_not_read_and_does_not_hide_what_came_before(writer: SpoolWriter, cut: int):
    put(writer, b"whole", b"this one is torn")
    path = next(writer.folder.glob("*.spool"))
    os.truncate(path, path.stat().st_size - cut)
    assert payloads(reader_of(writer)) == [b"whole"]


def test_a_damaged_record_is_counted_and_the_next_one_read(writer: SpoolWriter):
    put(writer, b"damaged", b"fine")
    path = next(writer.folder.glob("*.spool"))
    content = bytearray(path.read_bytes())
    content[56 + 25] ^= 1
    path.write_bytes(content)
    entries = reader_of(writer).read(Position(), 10, 10**6)
    assert [(e.seq, e.payload, e.lost) for e in entries] == [(1, None, "spool_corrupt"), (2, b"fine", None)]


def test_without_its_key_a_file_is_counted_by_its_plain_headers(writer: SpoolWriter):
    put(writer, b"one", b"two")
    entries = reader_of(writer, b"x" * 32).read(Position(), 10, 10**6)
    assert [(e.seq, e.time_ns, e.lost) for e in entries] == [(1, 1, "spool_key_gone"), (2, 1, "spool_key_gone")]


def test_two_keys_serve_while_one_replaces_the_other(writer: SpoolWriter):
    put(writer, b"one")
    assert payloads(reader_of(writer, b"x" * 32, KEY)) == [b"one"]


def test_nothing_raw_is_on_disk(writer: SpoolWriter):
    put(writer, b"the customer is Ada", b"x" * LARGE_BYTES + b"the customer is Ada")
    assert not any(b"Ada" in path.read_bytes() for path in writer.folder.parent.rglob("*") if path.is_file())


def test_a_full_disk_drops_and_counts_and_the_writer_goes_on(writer: SpoolWriter, monkeypatch: pytest.MonkeyPatch):
    put(writer, b"before")
    real = os.write

    def full(fd: int, data: bytes) -> int:
        real(fd, bytes(data)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(SpoolError):
            put(writer, b"lost")
    put(writer, b"after")
    reader = reader_of(writer)
    assert payloads(reader) == [b"before", b"after"]
    counts = reader.begun()
    assert (sum(counts.exchanges.values()), sum(counts.undone.values())) == (3, 1)
    assert len(list(writer.folder.glob("*.spool"))) == 2, "the key of the failed record is never used again"


def test_the_bound_is_seen_and_lifted_when_files_go(tmp_path: Path):
    writer = SpoolWriter(tmp_path / "spool", tmp_path / "writers", KEY, file_bytes=500, max_bytes=1000)
    put(writer, *[b"x" * 300] * 4)
    assert writer.full
    reader = reader_of(writer)
    entries = reader.read(Position(), 10, 10**6)
    reader.forget(entries, entries[-1].after)
    writer.measure()
    assert not writer.full


def test_a_writer_is_alive_until_it_closes(writer: SpoolWriter, tmp_path: Path):
    put(writer, b"one")
    (reader,) = find_writers(tmp_path / "spool", tmp_path / "writers", [KEY])
    assert reader.is_alive()
    writer.close()
    assert not reader.is_alive()
    reader.remove()
    assert find_writers(tmp_path / "spool", tmp_path / "writers", [KEY]) == []


def test_a_killed_writer_is_dead_and_its_begun_exchanges_are_known(tmp_path: Path):
    program = (
        "import sys, pathlib; from transom.spool.writer import SpoolWriter; from transom.spool.format import Kind\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "w = SpoolWriter(root / 'spool', root / 'writers', b'k' * 32, 10**6, 10**9)\n"
        "w.append(Kind.EXCHANGE, w.begin(1), 1, b'told'); w.begin(1); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout and child.stdin
    assert child.stdout.readline() == b"ready\n"
    (reader,) = find_writers(tmp_path / "spool", tmp_path / "writers", [KEY])
    assert reader.is_alive()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert not reader.is_alive()
    assert payloads(reader) == [b"told"]
    assert sum(reader.begun().exchanges.values()) == 2
