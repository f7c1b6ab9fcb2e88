from __future__ import annotations

from pathlib import Path

import pytest

from transom.spool.format import Kind
from transom.spool.reader import Position, find_writers
from transom.spool.status import WriterStatus, spool_status
from transom.spool.writer import SpoolWriter

KEY, OTHER = b"k" * 32, b"x" * 32


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    it = SpoolWriter(tmp_path / "spool", tmp_path / "writers", KEY, file_bytes=2**20, max_bytes=2**30)
    for time_ns in (7, 5, 9):
        it.append(Kind.EXCHANGE, it.begin(time_ns), time_ns, b"content")
    it.append(Kind.FEEDBACK, 0, 1, b"said")
    return it


def status(folder: Path, keys: list[bytes], positions: dict[str, Position]) -> WriterStatus:
    (found,) = spool_status(folder / "spool", folder / "writers", keys, positions)
    return found


def test_what_waits_is_counted_without_a_look_inside(tmp_path: Path, writer: SpoolWriter) -> None:
    found = status(tmp_path, [KEY], {})
    assert (found.alive, found.files, found.waiting, found.locked, found.oldest) == (True, 1, 3, 0, 5)
    assert found.bytes == sum(path.stat().st_size for path in writer.folder.iterdir())


def test_what_no_key_opens_is_told(tmp_path: Path, writer: SpoolWriter) -> None:
    assert status(tmp_path, [OTHER], {}).locked == 3
    assert status(tmp_path, [OTHER, KEY], {}).locked == 0


def test_what_is_recorded_does_not_wait(tmp_path: Path, writer: SpoolWriter) -> None:
    (reader,) = find_writers(tmp_path / "spool", tmp_path / "writers", [KEY])
    entries = reader.read(Position(), 10, 10**6)
    writer.close()
    found = status(tmp_path, [KEY], {writer.folder.name: entries[1].after})
    assert (found.alive, found.waiting, found.oldest) == (False, 1, 9)
    assert status(tmp_path, [KEY], {writer.folder.name: entries[-1].after}).oldest is None
