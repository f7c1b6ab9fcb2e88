"""What reviewers teach redaction, what is redacted again by it, and the index of entities."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

AUTO_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add tables; of the traces before, nobody looked at which names could not be found."""
    _rules()
    _rescrubbed()
    op.create_table(
        "entity_hash",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        *_owner(),
        _trace(),
        *_columns(sa.BigInteger, "started_at"),
    )
    op.create_index("entity_hash_trace", "entity_hash", ["trace_id"])
    op.add_column("trace", sa.Column("names_unchecked", sa.String, nullable=False, server_default="[]"))


def _columns(kind: type[sa.types.TypeEngine[Any]], names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=nullable) for name in names.split()]


def _owner() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, primary_key=True) for name in ("project_id", "key_id")]


def _trace() -> sa.Column[str]:
    return sa.Column("trace_id", sa.Text, sa.ForeignKey("trace.id", ondelete="CASCADE"), primary_key=True)


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("number", AUTO_KEY, primary_key=True),
        *_columns(sa.String, "id project_id key_id created_by kind entity"),
        *_columns(sa.BigInteger, "created_at"),
        *_columns(sa.BigInteger, "ended_at finished_at", nullable=True),
        *_columns(sa.Integer, "words passes messages feedback audit"),
        *_columns(sa.LargeBinary, "digest", nullable=True),
        *_columns(sa.String, "text stage", nullable=True),
        *_columns(sa.String, "position"),
        sa.UniqueConstraint("project_id", "key_id", "id", name="rule_once"),
    )


def _rescrubbed() -> None:
    op.create_table(
        "rescrubbed",
        *_owner(),
        sa.Column("rule_id", sa.String, primary_key=True),
        _trace(),
    )
    op.create_index("rescrubbed_trace", "rescrubbed", ["trace_id"])
