from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, rows
from transom.secret import Secret
from transom.store.audit import Entry, add, list_audit, note, subject_of
from transom.store.dialect import writing
from transom.store.models import AUDIT


async def noted(db: AsyncEngine, *entries: Entry) -> list[int]:
    async with writing(db) as conn:
        return [await note(conn, entry) for entry in entries]


async def test_the_log_is_read_newest_first_and_in_pages(db: AsyncEngine) -> None:
    await noted(db, *(Entry(actor="retention", action="expire", traces=n) for n in range(3)))
    async with db.connect() as conn:
        first = await list_audit(conn, limit=2)
        second = await list_audit(conn, first.next_cursor, limit=2)
    assert [row["traces"] for row in first.rows + second.rows] == [2, 1, 0]
    assert second.next_cursor is None


async def test_numbers_grow_as_more_is_done(db: AsyncEngine) -> None:
    (number,) = await noted(db, Entry(actor="admin token", action="erase_user", detail={"filters": ["until"]}))
    async with writing(db) as conn:
        await add(conn, number, 3, {"feedback": 1})
        await add(conn, number, 2, {"feedback": 1, "archive_files": 4})
    (row,) = await rows(db, AUDIT)
    assert (row["traces"], row["detail"]) == (5, '{"filters":["until"],"feedback":2,"archive_files":4}')


async def test_who_knows_an_id_finds_its_lines_and_nobody_reads_it_there(db: AsyncEngine) -> None:
    ann, bob = (subject_of(SECRET, "default", name) for name in ("ann", "bob"))
    await noted(db, *(Entry(actor="admin token", action="erase_user", subject=s) for s in (ann, bob)))
    async with db.connect() as conn:
        found = await list_audit(conn, subject=subject_of(SECRET, "default", "ann"))
    assert [row["subject"] for row in found.rows] == [ann]
    assert "ann" not in str(await rows(db, AUDIT))


def test_subjects_depend_on_secret_project_and_id() -> None:
    others = [(Secret(b"t" * 32), "default", "ann"), (SECRET, "other", "ann"), (SECRET, "default", "Ann")]
    assert len({subject_of(SECRET, "default", "ann"), *(subject_of(*other) for other in others)}) == 4
