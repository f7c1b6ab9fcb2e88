"""The first schema."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

AUTO_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table, and the full-text index in the dialect's own way."""
    _bookkeeping()
    _traces()
    _messages()
    _rollups()
    _feedback()
    if op.get_context().dialect.name == "sqlite":
        _sqlite_search()
    else:
        op.execute("CREATE INDEX message_words ON message USING gin (to_tsvector('simple', words))")
    now = time.time_ns()
    op.execute(sa.text("INSERT INTO project (id, created_at) VALUES ('default', :now)").bindparams(now=now))


def _owner(primary_key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, primary_key=primary_key) for name in ("project_id", "key_id")]


def _columns(kind: type[sa.types.TypeEngine[Any]], names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=nullable) for name in names.split()]


def _bookkeeping() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "spool_position",
        sa.Column("writer_id", sa.String, primary_key=True),
        *_columns(sa.String, "position outcomes"),
        *_columns(sa.BigInteger, "begun seen"),
        *_columns(sa.Boolean, "closed"),
    )
    op.create_table(
        "job",
        sa.Column("id", AUTO_KEY, primary_key=True),
        *_owner(),
        *_columns(sa.String, "kind dedupe payload state"),
        *_columns(sa.Integer, "attempts"),
        *_columns(sa.BigInteger, "run_at"),
        sa.UniqueConstraint("project_id", "key_id", "kind", "dedupe", name="job_once"),
    )
    op.create_index("job_due", "job", ["state", "run_at"])
    op.create_table(
        "priced_response",
        *_owner(primary_key=True),
        sa.Column("response_id", sa.String, primary_key=True),
        *_columns(sa.Boolean, "priced"),
    )


def _traces() -> None:
    op.create_table(
        "trace",
        sa.Column("id", sa.String, primary_key=True),
        *_owner(),
        *_columns(sa.BigInteger, "started_at"),
        *_columns(sa.String, "outcome ended provider operation method path"),
        *_columns(sa.String, "outcome_reason route", nullable=True),
        *_columns(sa.String, "otel_trace_id otel_span_id otel_parent_span_id session_id user_id app", nullable=True),
        *_columns(sa.String, "model response_model response_id request_id client_request_id", nullable=True),
        *_columns(sa.Integer, "status_code", nullable=True),
        *_columns(sa.String, "error_type error_message", nullable=True),
        *_columns(sa.Boolean, "failed stream billed"),
        *_columns(sa.Text, "metadata"),
        *_columns(sa.String, "tags rewrites attempts params finish_reasons message_ids"),
        *_columns(sa.Integer, "inputs"),
        *_columns(sa.Float, "latency_ms ttft_ms overhead_ms", nullable=True),
        *_columns(sa.BigInteger, "input_tokens output_tokens cached_input_tokens", nullable=True),
        *_columns(sa.BigInteger, "cache_write_tokens reasoning_tokens cost tools_id", nullable=True),
        *_columns(sa.String, "usage_source price_version input_preview output_preview", nullable=True),
    )
    op.create_index("trace_started_at", "trace", ["started_at"])
    for name in ("model", "session", "user"):
        op.create_index(f"trace_{name}", "trace", ["model" if name == "model" else f"{name}_id", "id"])
    for name in ("response", "request", "client_request"):
        op.create_index(f"trace_{name}", "trace", [f"{name}_id"])
    op.create_index(
        "trace_failed", "trace", ["id"], sqlite_where=sa.text("failed = 1"), postgresql_where=sa.text("failed")
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", AUTO_KEY, primary_key=True),
        *_owner(),
        *_columns(sa.LargeBinary, "digest"),
        *_columns(sa.String, "role parts remarks words"),
        *_columns(sa.String, "name", nullable=True),
        sa.UniqueConstraint("digest", "project_id", "key_id", name="message_once"),
    )
    op.create_table(
        "session_message",
        *_owner(primary_key=True),
        sa.Column("session", sa.String, primary_key=True),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("message.id"), primary_key=True),
        *_columns(sa.String, "trace_id last_trace_id"),
        *_columns(sa.Integer, "place"),
    )
    op.create_index("session_message_message", "session_message", ["message_id", "trace_id"])


def _rollups() -> None:
    op.create_table(
        "rollup",
        *_owner(primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.String, primary_key=True) for name in ("recorder", "provider", "model", "route")),
        *_columns(sa.Integer, "requests errors unpriced uncounted"),
        *_columns(sa.BigInteger, "input_tokens output_tokens cached_input_tokens"),
        *_columns(sa.BigInteger, "cache_write_tokens reasoning_tokens cost"),
        *_columns(sa.String, "outcomes endings statuses latency ttft"),
    )
    op.create_index("rollup_start", "rollup", ["step", "start"])


def _feedback() -> None:
    once = ("project_id", "key_id", "target", "target_id", "name", "author")
    op.create_table(
        "feedback",
        sa.Column("number", AUTO_KEY, primary_key=True),
        *_owner(),
        *_columns(sa.BigInteger, "created_at"),
        *_columns(sa.String, "id target target_id name author labels"),
        *_columns(sa.Float, "score", nullable=True),
        *_columns(sa.String, "comment correction", nullable=True),
        *_columns(sa.Boolean, "linked"),
        sa.Column("trace_id", sa.Text, sa.ForeignKey("trace.id", ondelete="CASCADE")),
        sa.UniqueConstraint(*once, name="feedback_one_per_author"),
    )
    op.create_index("feedback_id", "feedback", ["id"])
    op.create_index("feedback_target", "feedback", ["target_id"])
    op.create_index("feedback_trace", "feedback", ["trace_id"])
    op.create_index("feedback_newest", "feedback", ["created_at", "id"])
    op.create_table(
        "withdrawn",
        *_owner(primary_key=True),
        sa.Column("feedback_id", sa.String, primary_key=True),
        *_columns(sa.BigInteger, "created_at"),
    )


def _sqlite_search() -> None:
    """An index over message.words, kept by triggers. Marks are part of words, or Bengali ones would fall apart."""
    op.execute(
        """CREATE VIRTUAL TABLE message_words USING fts5 (
            words, content = 'message', content_rowid = 'id',
            tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'")"""
    )
    op.execute(
        """CREATE TRIGGER message_words_insert AFTER INSERT ON message BEGIN
            INSERT INTO message_words (rowid, words) VALUES (new.id, new.words);
        END"""
    )
    op.execute(
        """CREATE TRIGGER message_words_delete AFTER DELETE ON message BEGIN
            INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', old.id, old.words);
        END"""
    )
