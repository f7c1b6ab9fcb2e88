"""Traces, messages, feedback, rollups and jobs on SQLite or PostgreSQL: one schema, the same code.

Times are Unix nanoseconds UTC (`int`), money inside is integer picodollars and in results a decimal string of USD, unknown is `None`.

Opening
    `connect(url) -> AsyncEngine`; `migrate(engine_or_url)`; `check_schema(engine)` raises `SchemaError`.
    `writing(engine)` and `reading(engine)` are async context managers that give an `AsyncConnection` in a transaction
    (`BEGIN IMMEDIATE` and `BEGIN` on SQLite). Everything below takes such a connection first.

Writing (recorder)
    `write_batch(conn_or_engine, exchanges, feedback, recorder, secret, advance) -> Written`, all or nothing;
    `PositionAdvance(writer_id, expected, position, seen, begun)`, `PositionConflict`;
    `get_position(conn, writer_id) -> SpoolPosition | None`;
    `close_writer(conn, writer_id, begun, died, dropped) -> bool`.

Reading (admin). Rows are dicts.
    `list_traces(conn, TraceFilter(...), cursor, limit) -> Page` (`.rows`, `.next_cursor`). A row has the fields of "A trace in
    JSON" without `input_messages`, `output_messages`, `tools`, `remarks` and `scores`, and also `method`, `path`, `outcome_reason`,
    `request_id`, `client_request_id`, `otel_parent_span_id`, `error_message`, `params`, `attempts`, `billed`, `failed`,
    `input_preview`, `output_preview`, and `feedback` = `{"up": int, "down": int, "count": int}`.
    `get_trace(conn, trace_id) -> dict | None`: the same with the messages (`{role, parts, name, finish_reason}`), `tools`, `remarks`
    (`{entity, start, end, recognizer, message, path}`), `scores` and `feedback` as a list of feedback rows.
    `list_sessions(conn, cursor, limit, project_id=None) -> Page`, rows: `project_id, key_id, session_id, user_id, app, started_at,
    last_started_at, traces, errors, input_tokens, output_tokens, cost_usd, unpriced, input_preview, output_preview`.
    `get_session(conn, session_id, key_id=None, limit=200) -> dict | None`: such a row with `messages` (each with its `trace_id`),
    `trace_rows` (oldest first) and `feedback`.
    `list_feedback(conn, cursor, limit, name=None, status=None) -> Page`, rows: `id, project_id, key_id, created_at, target, target_id, name, author,
    score, comment, correction, labels, trace_id, status` (`linked` | `pending`).
    `stats(conn, since, until) -> dict`, `completeness(conn) -> dict`, `filter_values(conn) -> {"models", "providers", "routes"}`.

Jobs (worker)
    `enqueue(conn, kind, payload, dedupe_key, project_id, key_id)`, `claim(conn, kinds, lease_s, limit) -> list[Job]`,
    `complete(conn, job)`, `fail(conn, job, error)`.

Removing
    `delete_before(conn, cutoff_ns, batch) -> int`, `delete_traces(conn, ids) -> int`, `erase_user(conn, project_id, user_id) -> int`.
"""
