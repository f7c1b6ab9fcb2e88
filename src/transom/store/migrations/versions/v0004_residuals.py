"""The messages that redaction has read again, and what it may have missed in them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

AUTO_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add tables, and an index of the traces with names that nobody looked for."""
    op.create_table(
        "residual_sample",
        sa.Column("number", AUTO_KEY, primary_key=True),
        *_columns(sa.String, "project_id key_id profile language"),
        sa.Column("trace_id", sa.Text, sa.ForeignKey("trace.id", ondelete="CASCADE"), nullable=False),
        *_columns(sa.Integer, "message"),
        *_columns(sa.LargeBinary, "digest"),
        *_columns(sa.BigInteger, "at"),
        sa.UniqueConstraint("digest", "project_id", "key_id", name="residual_once"),
    )
    op.create_index("residual_sample_trace", "residual_sample", ["trace_id"])
    op.create_table(
        "residual_miss",
        sa.Column("number", AUTO_KEY, primary_key=True),
        *_columns(sa.String, "project_id key_id entity path"),
        sa.Column("sample", sa.BigInteger, sa.ForeignKey("residual_sample.number", ondelete="CASCADE"), nullable=False),
        *_columns(sa.Integer, "start stop"),
        *_columns(sa.String, "verdict judged_by", nullable=True),
        *_columns(sa.BigInteger, "judged_at", nullable=True),
    )
    op.create_index("residual_miss_sample", "residual_miss", ["sample"])
    op.create_index("residual_miss_verdict", "residual_miss", ["verdict", "number"])
    some = sa.text("names_unchecked <> '[]'")
    op.create_index("trace_names", "trace", ["project_id", "names_unchecked"], sqlite_where=some, postgresql_where=some)


def _columns(kind: type[sa.types.TypeEngine[Any]], names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=nullable) for name in names.split()]
