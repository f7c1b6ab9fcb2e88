"""What conversations take on disk, beside the same exchanges each kept whole, as JSON, with a full-text index."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from evals.store.databases import Place
from evals.store.rates import SECRET, chunks
from evals.store.traffic import Texts, conversations
from transom.store.engine import connect, migrate
from transom.store.write import write_batch
from transom.types import RedactedExchange

BATCH = 256
TURNS = (10, 30)
SIZES = ((100, 1_000), (500, 3_000))
"""Bytes of a question, and of an answer."""


async def measure(place: Place, traces: int) -> dict[str, Any]:
    """Megabytes of a database with these exchanges and of the plain table, and how many times more the latter takes."""
    exchanges = list(conversations(Texts(), traces, traces / 10, TURNS, SIZES, at_once=20))
    await migrate(place.url)
    engine = connect(place.url)
    try:
        for chunk in chunks(exchanges, BATCH):
            await write_batch(engine, chunk, [], "host", SECRET, None)
        async with engine.connect() as conn:
            ours = await conn.scalar(text(_SIZE[engine.dialect.name]))
    finally:
        await engine.dispose()
    whole = whole_bytes(exchanges)
    return {
        "traces": traces,
        "mb": round(ours / 2**20, 1),
        "whole_mb": round(whole / 2**20, 1),
        "times_less": round(whole / ours, 1),
    }


_SIZE = {
    "sqlite": """SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size""",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def whole_bytes(exchanges: Iterable[RedactedExchange]) -> int:
    """What a table of whole exchanges takes in SQLite, with an FTS5 index over them that keeps no second copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.db"
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE exchange (number INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)")
            db.execute("CREATE VIRTUAL TABLE words USING fts5 (body, content = 'exchange', content_rowid = 'number')")
            for number, exchange in enumerate(exchanges):
                row = (number, msgspec.json.encode(exchange).decode())
                db.execute("INSERT INTO exchange VALUES (?1, ?2, ?3)", (number, exchange.id, row[1]))
                db.execute("INSERT INTO words (rowid, body) VALUES (?, ?)", row)
            return int(db.execute(_SIZE["sqlite"]).fetchone()[0])
