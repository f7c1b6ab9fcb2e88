"""Books per day, inferred sessions, expiry of content alone, audit and proofs."""

from __future__ import annotations

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
        *(sa.Column(name, sa.String, primary_key=True) for name in ("project_id", "key_id")),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("trace_id", sa.String, primary_key=True),
        *_columns(sa.String, "session"),
        *_columns(sa.Boolean, "continued"),
    )
    op.create_index("chain_trace", "chain", ["trace_id"])
    op.add_column("trace", sa.Column("session_source", sa.String, nullable=True))
    op.execute("UPDATE trace SET session_source = 'client' WHERE session_id IS NOT NULL")


def _expiry() -> None:
    op.add_column("trace", sa.Column("content_expired_at", sa.BigInteger, nullable=True))
    has_content = sa.text("content_expired_at IS NULL")
    op.create_index("trace_content", "trace", ["started_at"], sqlite_where=has_content, postgresql_where=has_content)
