"""Books per day, inferred sessions, expiry of content alone, audit and proofs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AUTO_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Keep what the books say: what was begun before days were kept is day 0."""
    _books()
    _conversations()
    _expiry()
    _words()
    _rollups_of_days()
    op.create_table(
        "audit",
        *_numbered(),
        *_columns(sa.BigInteger, "at"),
        *_columns(sa.String, "actor action subject detail"),
        *_columns(sa.Integer, "traces"),
    )
    op.create_table(
        "proof",
        *_numbered(),
        *_columns(sa.BigInteger, "at bytes_searched"),
        *_columns(sa.String, "profile kinds places found"),
    )


def _numbered() -> list[sa.Column[Any]]:
    return [sa.Column("number", AUTO_KEY, primary_key=True), *_columns(sa.String, "project_id key_id")]


def _columns(kind: type[sa.types.TypeEngine[Any]], names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=False) for name in names.split()]


def _books() -> None:
    op.create_table(
        "writer_day",
        sa.Column("writer_id", sa.String, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        *_columns(sa.BigInteger, "begun undone"),
        *_columns(sa.String, "outcomes endings"),
    )
    op.execute(
        """INSERT INTO writer_day (writer_id, day, begun, undone, outcomes, endings)
        SELECT writer_id, 0, begun, 0, outcomes, '{}' FROM spool_position"""
    )
    with op.batch_alter_table("spool_position") as table:
        for name in ("begun", "seen", "outcomes"):
            table.drop_column(name)
        table.add_column(sa.Column("host", sa.String, nullable=False, server_default=""))
        for name in ("lag_ns", "looked_at"):
            table.add_column(sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))


def _conversations() -> None:
    op.create_table(
        "chain",
        *_numbered(),
        *_columns(sa.String, "digest trace_id session"),
        *_columns(sa.Boolean, "open"),
    )
    op.create_index("chain_digest", "chain", ["digest", "open", "trace_id"])
    op.create_index("chain_trace", "chain", ["trace_id"])
    op.add_column("trace", sa.Column("session_source", sa.String, nullable=True))
    op.execute("UPDATE trace SET session_source = 'client' WHERE session_id IS NOT NULL")


def _expiry() -> None:
    op.add_column("trace", sa.Column("content_expired_at", sa.BigInteger, nullable=True))
    has_content = sa.text("content_expired_at IS NULL")
    op.create_index("trace_content", "trace", ["started_at"], sqlite_where=has_content, postgresql_where=has_content)


def _words() -> None:
    """An index of the words alone, without their places and without a second copy of the texts.

    PostgreSQL's takes new ones in pieces of 8 MB, and spends no time on making them smaller.
    """
    if op.get_context().dialect.name == "sqlite":
        _sqlite_words()
        return
    op.execute("DROP INDEX message_words")
    op.execute(
        """CREATE TABLE message_words (
            message_id BIGINT PRIMARY KEY REFERENCES message ON DELETE CASCADE, words TSVECTOR NOT NULL)"""
    )
    op.execute(
        """INSERT INTO message_words
        SELECT id, array_to_tsvector(array_remove(string_to_array(words, ' '), '')) FROM message"""
    )
    op.execute("ALTER TABLE message_words ALTER words SET STORAGE EXTERNAL")
    op.execute(
        "CREATE INDEX message_words_words ON message_words USING gin (words) WITH (gin_pending_list_limit = 8192)"
    )
    op.drop_column("message", "words")


def _sqlite_words() -> None:
    """The words are told apart before: what isn't ASCII belongs to one. A message's deletion asks for them again.

    A transaction's words are written as one piece (up to 16 MB) instead of many that must be merged.
    """
    for statement in (
        "DROP TRIGGER message_words_insert",
        "DROP TRIGGER message_words_delete",
        "DROP TABLE message_words",
        """CREATE VIRTUAL TABLE message_words USING fts5 (
            words, content = '', detail = none, columnsize = 0, tokenize = ascii)""",
        "INSERT INTO message_words (message_words, rank) VALUES ('hashsize', 16777216)",
        "INSERT INTO message_words (message_words, rank) VALUES ('automerge', 8)",
        "INSERT INTO message_words (rowid, words) SELECT id, words FROM message",
        "ALTER TABLE message DROP COLUMN words",
        """CREATE TRIGGER message_words_delete AFTER DELETE ON message BEGIN
            INSERT INTO message_words (message_words, rowid, words)
            VALUES ('delete', old.id, indexed_words(old.role, old.parts));
        END""",
    ):
        op.execute(statement)


_ADDED = [
    *("requests", "errors", "unpriced", "uncounted", "cost"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
]
_COUNTS = ("outcomes", "endings", "statuses")
_HISTOGRAMS = ("latency", "ttft")
_DAY_S, _DAY_NS = 86_400, 86_400 * 10**9


def _rollups_of_days() -> None:
    """A row for each day, added up from its hours."""
    rollup = sa.Table("rollup", sa.MetaData(), autoload_with=op.get_bind())
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for hour in op.get_bind().execute(sa.select(rollup).where(rollup.c.step == 3600)).mappings():
        day = {**hour, "step": _DAY_S, "start": hour["start"] - hour["start"] % _DAY_NS}
        key = tuple(day[column.name] for column in rollup.primary_key)
        days[key] = _sum(days[key], day) if key in days else day
    if days:
        op.bulk_insert(rollup, list(days.values()))


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    total = {**one, **{name: one[name] + other[name] for name in _ADDED}}
    for name in _COUNTS:
        total[name] = json.dumps(Counter(json.loads(one[name])) + Counter(json.loads(other[name])))
    for name in _HISTOGRAMS:
        both = zip(json.loads(one[name]), json.loads(other[name]), strict=True)
        total[name] = json.dumps([a + b for a, b in both])
    return total
