"""The tables of what redaction may have missed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from transom.store.models import AutoKey


class ResidualSample(SQLModel, table=True):
    """A message that was read again after its redaction by `profile`, known by the digest that it had then.

    `message` is its number in the trace that brought it.
    """

    __tablename__ = "residual_sample"
    __table_args__ = (
        UniqueConstraint("digest", "project_id", "key_id", name="residual_once"),
        Index("residual_sample_trace", "trace_id"),
    )

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    profile: str
    language: str
    trace_id: str = Field(sa_column=Column(Text, ForeignKey("trace.id", ondelete="CASCADE"), nullable=False))
    message: int
    digest: bytes = Field(sa_type=LargeBinary)
    at: int = Field(sa_type=BigInteger)


class ResidualMiss(SQLModel, table=True):
    """What redaction may have missed in a message of the sample: characters `start` to `stop` of the leaf at `path`.

    `verdict` is a reviewer's: `missed`, `fine`, or None so far.
    """

    __tablename__ = "residual_miss"
    __table_args__ = (Index("residual_miss_sample", "sample"), Index("residual_miss_verdict", "verdict", "number"))

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    entity: str
    path: str
    sample: int = Field(
        sa_column=Column(BigInteger, ForeignKey("residual_sample.number", ondelete="CASCADE"), nullable=False)
    )
    start: int
    stop: int
    verdict: str | None
    judged_by: str | None
    judged_at: int | None = Field(sa_type=BigInteger)


RESIDUAL_SAMPLE = SQLModel.metadata.tables["residual_sample"]
RESIDUAL_MISS = SQLModel.metadata.tables["residual_miss"]
