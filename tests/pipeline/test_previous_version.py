"""What the version before has stored and spooled is read by this one: no row, number, key or record is lost.

`tests/fixtures/v0001/make.py` says how its files came to be. For the next version: once a schema has been released,
copy that folder to `v0002`, write make.py against the code of the released commit (so that every table has rows), run
it from a worktree of that commit, and give this test the new folder; the oldest may go when nobody upgrades from it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.db import Postgres, postgres
from tests.unit.record.test_recorder import KEY, SECRET, Pool
from tests.unit.store.builders import rows
from transom.config import shipped
from transom.record.books import Books
from transom.record.recorder import Recorder
from transom.record.stages import Stages
from transom.redact.placeholders import Placeholders
from transom.spool.format import LARGE_BYTES
from transom.spool.reader import Entry, Position, SpoolReader
from transom.store.completeness import completeness
from transom.store.engine import MIGRATIONS, check_schema, connect, migrate
from transom.store.messages import digest_of
from transom.store.models import FEEDBACK, MESSAGE, ROLLUP, TRACE
from transom.store.read import TraceFilter, get_trace, list_traces
from transom.store.retention import delete_traces
from transom.store.rollups import DAY, HOUR, read_tallies
from transom.store.rows import from_text
from transom.types import RedactedMessage
from transom.usage.pricing import PriceBook

__all__ = ["postgres"]

OLD = Path(__file__).parents[1] / "fixtures" / "v0001"
EXPECTED: dict[str, Any] = json.loads((OLD / "expected.json").read_text())
WRITER: str = EXPECTED["writer_id"]
FILLED_LAST = ("feedback", "session_message")
"""Their rows name those of other tables."""

_numbers = count(1)


def trace_id(number: int) -> str:
    return f"018bcfe5-6800-7000-8000-{number:012}"


def old_rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    """By table, but for the full-text index."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'message_words%'"
    names = sorted((name for (name,) in db.execute(query)), key=lambda name: (name in FILLED_LAST, name))
    found = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in names}
    db.close()
    return found


def fill(connection: Connection, found: dict[str, list[dict[str, Any]]]) -> None:
    """Schema 0001 with those rows, on PostgreSQL."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    metadata = MetaData()
    metadata.reflect(connection)
    connection.execute(text("DELETE FROM project"))
    for name, its_rows in found.items():
        table = metadata.tables[name]
        flags = [column.name for column in table.columns if isinstance(column.type, Boolean)]
        if name != "alembic_version":
            connection.execute(table.insert(), [row | {flag: bool(row[flag]) for flag in flags} for row in its_rows])
    for name, key in (("job", "id"), ("message", "id"), ("feedback", "number")):
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', '{key}'), 100)"))


def old_sqlite(path: Path) -> Path:
    """Make the database file as it was."""
    db = sqlite3.connect(path)
    db.executescript((OLD / "database.sql").read_text())
    db.close()
    return path


@pytest.fixture
def before(tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of the old database."""
    return old_rows(old_sqlite(tmp_path / "before.db"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{old_sqlite(tmp_path / 'transom.db')}"
    server: Postgres = request.getfixturevalue("postgres")
    name = f"previous_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture
async def database(url: str, before: dict[str, list[dict[str, Any]]]) -> AsyncIterator[AsyncEngine]:
    """The database as the version before left it, migrated by this one."""
    engine = connect(url)
    if not url.startswith("sqlite"):
        async with engine.begin() as conn:
            await conn.run_sync(fill, before)
    await migrate(engine)
    await check_schema(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what the gateway of the version before had left in its data folder."""
    for name in ("spool", "writers"):
        shutil.copytree(OLD / name, tmp_path / name)
    return tmp_path


async def books(conn: AsyncConnection) -> dict[str, Any]:
    """In the words of the version before."""
    found = await completeness(conn)
    return {name: found[name] for name in EXPECTED["books"]}


def test_the_version_before_had_rows_in_every_table(before: dict[str, list[dict[str, Any]]]):
    assert [name for name, found in before.items() if not found] == []


async def test_the_books_say_the_same(database: AsyncEngine):
    async with database.connect() as conn:
        assert await books(conn) == EXPECTED["books"]


async def test_no_trace_message_or_feedback_is_lost(database: AsyncEngine, before: dict[str, list[dict[str, Any]]]):
    for table in (TRACE, MESSAGE, FEEDBACK):
        after, old = await rows(database, table), before[table.name]
        shared = old[0].keys() & after[0].keys()
        assert [only(shared, row) for row in after] == [only(shared, row) for row in old], table.name


def only(names: Iterable[str], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in names}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("order", [2]), ("failed", [3]), ("নমস্কার", [5]), ("ORDER 1042", [2]), ("find_order", []), ("nothing", [])],
)
async def test_what_was_stored_is_found(database: AsyncEngine, query: str, numbers: list[int]):
    async with database.connect() as conn:
        page = await list_traces(conn, TraceFilter(q=query))
    assert [row["id"] for row in page.rows] == [trace_id(number) for number in numbers]


async def test_what_was_stored_is_shown_and_can_be_erased(database: AsyncEngine):
    async with database.connect() as conn:
        trace = await get_trace(conn, trace_id(1))
    assert trace
    assert trace["input_messages"][0]["parts"][0]["content"] == "My name is <PERSON:vx57>"
    assert [said["id"] for said in trace["feedback"]] == ["fb_1"]
    assert (trace["session_id"], trace["cost_usd"]) == ("chat-1", "0.00000315")
    await delete_traces(database, [trace_id(number) for number in range(1, 7)])
    assert await rows(database, TRACE) == await rows(database, MESSAGE) == []
    async with database.connect() as conn:
        assert (await list_traces(conn, TraceFilter(q="order"))).rows == []


async def test_the_numbers_of_days_are_those_of_their_hours(database: AsyncEngine):
    async with database.connect() as conn:
        hours, days = [await read_tallies(conn, [ROLLUP.c.model], [ROLLUP.c.step == step]) for step in (HOUR, DAY)]
    assert hours
    assert days == hours


async def test_the_same_secret_makes_the_same_tags_and_digests(database: AsyncEngine):
    assert Placeholders(SECRET.placeholders("default")).make("PERSON", "Ada Lovelace") == "<PERSON:vx57>"
    key = SECRET.messages("default")
    for row in await rows(database, MESSAGE):
        message = RedactedMessage(role=row["role"], parts=from_text(row["parts"]), name=row["name"])
        assert digest_of(key, row["key_id"], message) == row["digest"]


def old_spool(root: Path) -> list[Entry]:
    """What the gateway had left to be recorded, behind the position that the recorder of the version before stored."""
    reader = SpoolReader(root / "spool" / WRITER, root / "writers" / f"{WRITER}.counts", [KEY])
    assert not reader.is_alive()
    assert sum(reader.begun().exchanges.values()) == 6
    return reader.read(Position.parse(_position(OLD / "database.sql")), 100, 2**30)


def _position(dump: Path) -> str:
    (line,) = (line for line in dump.read_text().splitlines() if f"spool_position VALUES ('{WRITER}'" in line)
    return line.split("'")[3]


def test_the_spool_gives_every_payload(root: Path):
    entries = old_spool(root)
    assert [
        {"seq": entry.seq, "time_ns": entry.time_ns, "sha256": sha256(entry.payload or b"").hexdigest()}
        for entry in entries
    ] == EXPECTED["written"]
    assert max(len(entry.payload or b"") for entry in entries) > LARGE_BYTES


async def record(root: Path, engine: AsyncEngine) -> None:
    stop = asyncio.Event()
    stop.set()
    stages = Stages(PriceBook.load(shipped("prices.json")), Pool(), SECRET)  # type: ignore[arg-type]
    recorder = Recorder(root / "spool", root / "writers", [KEY], Books(engine, "host-1", SECRET), stages)
    async with asyncio.timeout(20):
        await recorder.run(stop, outlive_writers=False)


async def test_recording_goes_on_where_the_version_before_stopped(database: AsyncEngine, root: Path):
    await record(root, database)
    async with database.connect() as conn:
        now = await books(conn)
        large = await get_trace(conn, trace_id(8))
    assert (now["begun"], now["stored"], now["metadata_only"], now["dropped"]) == (11, 7, 1, 3)
    assert now["reasons"]["dropped:gateway_died"] == 3, "one before, one under way, one torn"
    assert (now["in_flight"], now["unaccounted"]) == (0, 0)
    assert large
    assert large["outcome"] == "stored"
    assert [(row["id"], row["linked"]) for row in await rows(database, FEEDBACK)] == [("fb_2", False), ("fb_4", True)]
    assert not any((root / "spool").iterdir())
    assert not any((root / "writers").iterdir())
