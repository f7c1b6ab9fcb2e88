"""The tables. Every one carries `project_id` and `key_id`, in its unique keys too, so that ids never link across keys.

Three don't: `project`, which names the projects, and `spool_position` and `writer_day`, a host's bookkeeping over all
of them. Columns that hold JSON are text; times are Unix nanoseconds; money is picodollars.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

AutoKey = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column declared INTEGER."""


class Project(SQLModel, table=True):
    """A tenant."""

    id: str = Field(primary_key=True)
    created_at: int = Field(sa_type=BigInteger)


_HAS_CONTENT, UNCHECKED = text("content_expired_at IS NULL"), text("names_unchecked <> '[]'")


class Trace(SQLModel, table=True):
    """A stored exchange: what lists show and filters ask for. Its content is in the messages that `message_ids` names.

    `message_ids` holds the input messages (`inputs` of them) and then the output ones, in order. `session_source` says
    who named the session: the `client`, or `inferred` from the history that it sent. `content_expired_at` is when
    retention took the content away and left the numbers. `names_unchecked` are languages, as in `["bn"]`, of whose
    names redaction knows nothing.
    """

    __table_args__ = (
        Index("trace_started_at", "started_at"),
        Index("trace_model", "model", "id"),
        Index("trace_session", "session_id", "id"),
        Index("trace_user", "user_id", "id"),
        Index("trace_response", "response_id"),
        Index("trace_request", "request_id"),
        Index("trace_client_request", "client_request_id"),
        Index("trace_failed", "id", sqlite_where=text("failed = 1"), postgresql_where=text("failed")),
        Index("trace_content", "started_at", sqlite_where=_HAS_CONTENT, postgresql_where=_HAS_CONTENT),
        Index("trace_names", "project_id", "names_unchecked", sqlite_where=UNCHECKED, postgresql_where=UNCHECKED),
    )

    id: str = Field(primary_key=True)
    project_id: str
    key_id: str
    started_at: int = Field(sa_type=BigInteger)
    outcome: str
    outcome_reason: str | None
    ended: str
    provider: str
    operation: str
    method: str
    path: str
    route: str | None
    otel_trace_id: str | None
    otel_span_id: str | None
    otel_parent_span_id: str | None
    session_id: str | None
    user_id: str | None
    app: str | None
    tags: str
    metadata_: str = Field(sa_column=Column("metadata", Text, nullable=False))
    model: str | None
    response_model: str | None
    response_id: str | None
    request_id: str | None
    client_request_id: str | None
    status_code: int | None
    error_type: str | None
    error_message: str | None
    failed: bool
    rewrites: str
    attempts: str
    stream: bool
    latency_ms: float | None
    ttft_ms: float | None
    overhead_ms: float | None
    params: str
    finish_reasons: str
    input_tokens: int | None = Field(sa_type=BigInteger)
    output_tokens: int | None = Field(sa_type=BigInteger)
    cached_input_tokens: int | None = Field(sa_type=BigInteger)
    cache_write_tokens: int | None = Field(sa_type=BigInteger)
    reasoning_tokens: int | None = Field(sa_type=BigInteger)
    usage_source: str | None
    cost: int | None = Field(sa_type=BigInteger)
    price_version: str | None
    billed: bool
    message_ids: str
    inputs: int
    tools_id: int | None = Field(sa_type=BigInteger)
    input_preview: str | None
    output_preview: str | None
    session_source: str | None
    content_expired_at: int | None = Field(sa_type=BigInteger)
    names_unchecked: str


class Message(SQLModel, table=True):
    """A redacted message, kept once per key however often it is sent again. `message_words` is what search looks at."""

    __table_args__ = (UniqueConstraint("digest", "project_id", "key_id", name="message_once"),)

    id: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    digest: bytes = Field(sa_type=LargeBinary)
    role: str
    name: str | None
    parts: str
    remarks: str


class SessionMessage(SQLModel, table=True):
    """That a session holds a message: which trace brought it, at which place, and which was the last to send it again.

    `session` is the `session_id`, or the id of a trace that has none.
    """

    __tablename__ = "session_message"
    __table_args__ = (Index("session_message_message", "message_id", "trace_id"),)

    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    session: str = Field(primary_key=True)
    message_id: int = Field(sa_column=Column(BigInteger, ForeignKey("message.id"), primary_key=True))
    trace_id: str
    place: int
    last_trace_id: str


class Rollup(SQLModel, table=True):
    """What happened in one minute, hour or day (`step` seconds from `start`), as one recorder saw it: readers add up.

    `''` stands for no model or route. `cost` and the tokens add up what is known; `unpriced` and `uncounted` say how
    many exchanges are missing in them. `outcomes`, `endings` and `statuses` are JSON counts; `latency` and `ttft` are
    JSON histograms.
    """

    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger)
    recorder: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    requests: int
    errors: int
    unpriced: int
    uncounted: int
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cached_input_tokens: int = Field(sa_type=BigInteger)
    cache_write_tokens: int = Field(sa_type=BigInteger)
    reasoning_tokens: int = Field(sa_type=BigInteger)
    cost: int = Field(sa_type=BigInteger)
    outcomes: str
    endings: str
    statuses: str
    latency: str
    ttft: str

    __table_args__ = (Index("rollup_start", "step", "start"),)


class Feedback(SQLModel, table=True):
    """What somebody said of a response or a session. `linked` when what it names is stored."""

    __table_args__ = (
        UniqueConstraint(
            "project_id", "key_id", "target", "target_id", "name", "author", name="feedback_one_per_author"
        ),
        Index("feedback_id", "id"),
        Index("feedback_target", "target_id"),
        Index("feedback_trace", "trace_id"),
        Index("feedback_newest", "created_at", "id"),
    )

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    id: str
    project_id: str
    key_id: str
    created_at: int = Field(sa_type=BigInteger)
    target: str
    target_id: str
    name: str
    author: str
    score: float | None
    comment: str | None
    correction: str | None
    labels: str
    linked: bool
    trace_id: str | None = Field(sa_column=Column(Text, ForeignKey("trace.id", ondelete="CASCADE")))


class Withdrawn(SQLModel, table=True):
    """A feedback taken back: it stays away even if it comes after its withdrawal."""

    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    feedback_id: str = Field(primary_key=True)
    created_at: int = Field(sa_type=BigInteger)


class PricedResponse(SQLModel, table=True):
    """A response id seen in a reply. `priced` once a reply has carried its usage: later ones cost nothing more."""

    __tablename__ = "priced_response"

    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    response_id: str = Field(primary_key=True)
    priced: bool


class Job(SQLModel, table=True):
    """Work to be done at or after `run_at`; when `running`, `run_at` is the time its lease ends."""

    __table_args__ = (
        UniqueConstraint("project_id", "key_id", "kind", "dedupe", name="job_once"),
        Index("job_due", "state", "run_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    kind: str
    dedupe: str
    payload: str
    state: str
    attempts: int
    run_at: int = Field(sa_type=BigInteger)


class Chain(SQLModel, table=True):
    """How far a conversation had come with a trace, so that the next turn finds it where no session is named.

    `digest` (hex, keyed with the project's key and by the caller) stands for the messages up to there or the reply
    alone. `open` until a later turn has followed. `session` is the id of the conversation's first trace.
    """

    __table_args__ = (Index("chain_digest", "digest", "open", "trace_id"), Index("chain_trace", "trace_id"))

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    digest: str
    trace_id: str
    session: str
    open: bool


class Audit(SQLModel, table=True):
    """What somebody did to the records: erased them, or ran what erases them. `detail` is JSON and holds no content."""

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    at: int = Field(sa_type=BigInteger)
    actor: str
    action: str
    subject: str
    traces: int
    detail: str


class Proof(SQLModel, table=True):
    """A canary's way through the system: which kinds of personal data it carried, and where they were looked for.

    `kinds`, `places` (`{place: bytes}`) and `found` (`[{"kind", "place"}]`, empty if the proof holds) are JSON.
    """

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    project_id: str
    key_id: str
    at: int = Field(sa_type=BigInteger)
    profile: str
    kinds: str
    places: str
    found: str
    bytes_searched: int = Field(sa_type=BigInteger)


class Rule(SQLModel, table=True):
    """What a reviewer taught redaction (`transom.types.TaughtRule`), and how far the store was redacted again by it.

    It is in force until `ended_at`. `stage` is what is being read (`messages`, `traces`, `feedback`), `done`, or None
    where nothing is to be; `position` the last row dealt with, `passes` how often all was read, `messages` and
    `feedback` how many rows were changed, `audit` its line in the log.
    """

    __table_args__ = (UniqueConstraint("project_id", "key_id", "id", name="rule_once"),)

    number: int | None = Field(default=None, sa_column=Column(AutoKey, primary_key=True))
    id: str
    project_id: str
    key_id: str
    created_at: int = Field(sa_type=BigInteger)
    created_by: str
    ended_at: int | None = Field(sa_type=BigInteger)
    kind: str
    entity: str
    words: int
    digest: bytes | None = Field(sa_type=LargeBinary)
    text: str | None
    stage: str | None
    position: str
    passes: int
    messages: int
    feedback: int
    audit: int
    finished_at: int | None = Field(sa_type=BigInteger)


class Rescrubbed(SQLModel, table=True):
    """A trace in which a rule has redacted something again."""

    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    rule_id: str = Field(primary_key=True)
    trace_id: str = Field(sa_column=Column(Text, ForeignKey("trace.id", ondelete="CASCADE"), primary_key=True))

    __table_args__ = (Index("rescrubbed_trace", "trace_id"),)


class EntityOfTrace(SQLModel, table=True):
    """That a trace's content holds a value, by a keyed hash of it: how all traces of a customer are found."""

    __tablename__ = "entity_hash"
    __table_args__ = (Index("entity_hash_trace", "trace_id"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    project_id: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    trace_id: str = Field(sa_column=Column(Text, ForeignKey("trace.id", ondelete="CASCADE"), primary_key=True))
    started_at: int = Field(sa_type=BigInteger)


class SpoolPosition(SQLModel, table=True):
    """How far a spool writer has been recorded, by the recorder of which host.

    `lag_ns` is how long after its end the oldest exchange of the last batch was stored, 0 when nothing waits;
    `looked_at` is when the recorder last said so.
    """

    __tablename__ = "spool_position"

    writer_id: str = Field(primary_key=True)
    position: str
    closed: bool
    host: str
    lag_ns: int = Field(sa_type=BigInteger)
    looked_at: int = Field(sa_type=BigInteger)


class WriterDay(SQLModel, table=True):
    """What a spool writer began on one day (days since 1970, UTC), and where it went.

    Day 0 holds what was begun before days were kept. `outcomes` and `endings` are JSON counts; `undone` is how many of
    those begun the gateway itself could not write to the spool.
    """

    __tablename__ = "writer_day"

    writer_id: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    begun: int = Field(sa_type=BigInteger)
    undone: int = Field(sa_type=BigInteger)
    outcomes: str
    endings: str


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


PROJECT = _table(Project)
TRACE = _table(Trace)
MESSAGE = _table(Message)
SESSION_MESSAGE = _table(SessionMessage)
ROLLUP = _table(Rollup)
FEEDBACK = _table(Feedback)
WITHDRAWN = _table(Withdrawn)
PRICED_RESPONSE = _table(PricedResponse)
JOB = _table(Job)
CHAIN = _table(Chain)
AUDIT = _table(Audit)
PROOF = _table(Proof)
RULE = _table(Rule)
RESCRUBBED = _table(Rescrubbed)
ENTITY_HASH = _table(EntityOfTrace)
SPOOL_POSITION = _table(SpoolPosition)
WRITER_DAY = _table(WriterDay)
