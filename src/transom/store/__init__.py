"""Traces, messages, feedback, rollups and jobs on SQLite or PostgreSQL: one schema, the same code.

Times are Unix nanoseconds UTC, money inside is integer picodollars and in results a decimal string of US dollars, what
is unknown is None. Functions that read take an `AsyncConnection`, those that write a `Db`: an engine, to have a
transaction of their own, or a connection, to take part in the caller's.

`engine`      connect, migrate, check_schema, SchemaError
`dialect`     writing (a transaction that may write), Db
`write`       write_batch, PositionAdvance, PositionConflict, Written
`positions`   read_position, close_writer; `completeness` completeness
`read`        TraceFilter, Page, list_traces, get_trace, list_feedback, filter_values
`sessions`    list_sessions, get_session
`stats`       stats
`jobs`        enqueue, claim, complete, fail, Job
`retention`   expire
`erasure`     erase, erase_again, Target
`rules`       add_rule, end_rule, read_rules, list_rules: what reviewers teach redaction
`rescrub`     what is stored, redacted again by such a rule
`entities`    which traces hold a value, by a keyed hash of it
`audit`       list_audit
`archive`     keep_traces, erase_from_archive, print_query: Parquet files of what retention deletes
`backup`      backup, restore: one file with database, secret and admin token

A trace in a list has the fields of "A trace in JSON" but `input_messages`, `output_messages`, `tools`, `remarks` and
`scores`, and more: `method`, `path`, `outcome_reason`, `otel_parent_span_id`, `request_id`, `client_request_id`,
`error_message`, `params`, `attempts`, `billed`, `failed`, `input_preview`, `output_preview`, and `feedback` as
`{"up": int, "down": int, "count": int}`. `get_trace` has the messages (`{role, parts, name, finish_reason}`), the
remarks (with their `path` in the message's parts) and `feedback` as a list.

A session in a list: `project_id, key_id, session_id, session_source, user_id, app, started_at, last_started_at,
last_trace_id, traces, errors, input_tokens, output_tokens, cost_usd, unpriced, input_preview, output_preview`.
`get_session` adds `messages` (each once, with its `trace_id`), `trace_rows` (oldest first) and `feedback`.

Feedback: `id, project_id, key_id, created_at, target, target_id, name, author, score, comment, correction, labels,
trace_id, status` (`linked` or `pending`).
"""
