from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from transom.store.proofs import Found, Proof, keep_proof, last_proof, list_proofs


def proof(at: int, *found: Found) -> Proof:
    return Proof(at=at, profile="logs", kinds=["PERSON"], places={"transom.db": 5, "spool": 7}, found=list(found))


async def test_a_proof_comes_back_as_it_was_kept(db: AsyncEngine):
    async with db.begin() as conn:
        assert await last_proof(conn) is None
        await keep_proof(conn, proof(10))
        await keep_proof(conn, proof(20, Found("PERSON", "transom.db")))
        last = await last_proof(conn)
    assert last == {
        "number": 2,
        "at": 20,
        "profile": "logs",
        "kinds": ["PERSON"],
        "places": {"transom.db": 5, "spool": 7},
        "found": [{"kind": "PERSON", "place": "transom.db"}],
        "bytes_searched": 12,
        "holds": False,
    }


async def test_proofs_are_listed_newest_first_a_page_at_a_time(db: AsyncEngine):
    async with db.begin() as conn:
        for at in (10, 20, 30):
            await keep_proof(conn, proof(at))
        first = await list_proofs(conn, limit=2)
        rest = await list_proofs(conn, first.next_cursor, limit=2)
    assert [row["at"] for row in first.rows] == [30, 20]
    assert ([row["at"] for row in rest.rows], rest.next_cursor) == ([10], None)
    assert all(row["holds"] for row in first.rows)
