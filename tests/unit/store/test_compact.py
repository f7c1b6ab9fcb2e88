from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, say, trace_id, write
from transom.store import compact as compacting
from transom.store.compact import compact
from transom.store.deletion import delete_traces
from transom.store.engine import connect
from transom.store.models import MESSAGE

WORD = "xylophonquartz"
"""A word that stands nowhere else."""


@pytest.fixture
async def sqlite(sqlite_url: str):
    db = connect(sqlite_url)
    yield db
    await db.dispose()


async def fill(db: AsyncEngine, count: int = 20) -> None:
    """Traces in several transactions, so that the index has several pieces; the planted word is in number 7.

    Words that begin like it stand before it: of such words the index keeps the ends alone.
    """
    for number in range(count):
        planted = f" {WORD}" if number == 7 else ""
        texts = [f"{WORD[:5]}{number} {n}" for n in range(20)]
        await write(db, exchange(number, input_messages=[say("user", " ".join(texts) + planted)]))


async def words(db: AsyncEngine) -> list[str]:
    """The words in SQLite's index, deleted ones too."""
    async with db.begin() as conn:
        await conn.execute(text("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, message_words, row)"))
        found = list((await conn.execute(text("SELECT term FROM temp.words"))).scalars())
        await conn.execute(text("DROP TABLE temp.words"))
    return found


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("transom.db*")))


async def test_nothing_of_what_was_deleted_is_left_in_the_files(sqlite: AsyncEngine, tmp_path: Path) -> None:
    await fill(sqlite)
    assert WORD in await words(sqlite)
    await delete_traces(sqlite, [trace_id(7)])
    assert WORD[5:].encode() in bytes_of(tmp_path)
    assert await compact(sqlite)
    assert WORD not in await words(sqlite)
    for word in (WORD, WORD[5:]):
        assert word.encode() not in bytes_of(tmp_path)


async def test_the_log_is_emptied_and_what_is_left_can_be_found(sqlite: AsyncEngine, tmp_path: Path) -> None:
    await fill(sqlite)
    assert await compact(sqlite)
    assert (tmp_path / "transom.db-wal").stat().st_size == 0
    assert WORD in await words(sqlite)


async def test_a_reader_hinders_the_log_from_being_emptied_and_does_not_hold_it_up(sqlite: AsyncEngine) -> None:
    await fill(sqlite, 5)
    async with sqlite.connect() as reader:
        await reader.execute(text("SELECT * FROM trace"))
        await write(sqlite, exchange(100))
        async with asyncio.timeout(5):
            assert not await compact(sqlite)
    assert await compact(sqlite)


async def test_free_pages_are_given_back_when_they_are_many(sqlite: AsyncEngine, tmp_path: Path) -> None:
    async def size() -> int:
        await compact(sqlite)
        return (tmp_path / "transom.db").stat().st_size

    empty = await size()
    await write(sqlite, *(exchange(n, input_messages=[say("user", f"{n} " * 3_000)]) for n in range(100)))
    full = await size()
    await delete_traces(sqlite, [trace_id(n) for n in range(2)])
    assert await size() == full
    await delete_traces(sqlite, [trace_id(n) for n in range(2, 100)])
    assert await size() < empty + (full - empty) / 5


async def test_writers_go_on_between_the_steps(sqlite: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "MERGED_PAGES", 1)
    await fill(sqlite)
    await asyncio.gather(compact(sqlite), *(write(sqlite, exchange(1_000 + n)) for n in range(20)))
    assert len(await rows(sqlite, MESSAGE)) == 80


@pytest.mark.slow
async def test_postgresql_frees_the_room(postgres_url: str) -> None:
    db = connect(postgres_url)
    await write(db, *(exchange(n) for n in range(50)))
    await delete_traces(db, [trace_id(n) for n in range(50)])
    assert await compact(db)
    async with db.connect() as conn:
        assert (await conn.execute(text("SELECT pg_relation_size('message')"))).scalar() == 0
    await db.dispose()
