"""Sums per minute and hour, kept as traces come in, so that a dashboard never reads raw rows.

Histograms have the buckets of the OpenTelemetry GenAI metrics `gen_ai.client.operation.duration` and
`gen_ai.server.time_to_first_token` (semantic conventions 1.37, "Generative AI metrics").
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import insert
from transom.store.models import ROLLUP
from transom.store.rows import (
    TOKENS,
    cost_of,
    fit_id,
    from_text,
    is_failed,
    outcome_name,
    to_text,
    token_counts,
)
from transom.types import DEFAULT_PROJECT, Ended, RedactedExchange

STEPS = (60, 3600)
"""Seconds: a row per minute for what is recent, one per hour for what is long."""

LATENCY_BOUNDS_MS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960, 81920)
TTFT_BOUNDS_MS = (1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""Upper bounds of the buckets; one more bucket holds what is above the last."""

UNKNOWN_KEY = ""
"""The `key_id` of exchanges that left no record."""

SUMS = ("requests", "errors", "unpriced", "uncounted", *TOKENS, "cost")
COUNTS = ("outcomes", "endings", "statuses")
HISTOGRAMS = {"latency": LATENCY_BOUNDS_MS, "ttft": TTFT_BOUNDS_MS}

RollupKey = tuple[str, str, int, int, str, str, str, str]
_KEY = tuple(ROLLUP.primary_key.columns)
_CHUNK = 100
_NS = 10**9


@dataclass
class Tally:
    """The numbers of one rollup row, or of several added up."""

    sums: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in COUNTS})
    histograms: dict[str, list[int]] = field(
        default_factory=lambda: {name: [0] * (len(bounds) + 1) for name, bounds in HISTOGRAMS.items()}
    )

    def add_row(self, row: RowMapping) -> None:
        """Add what a row of `rollup` holds."""
        for name in SUMS:
            self.sums[name] += row[name]
        for name, counter in self.counts.items():
            counter.update(from_text(row[name]))
        for name, histogram in self.histograms.items():
            self.histograms[name] = [a + b for a, b in zip(histogram, from_text(row[name]), strict=True)]

    def add(self, exchange: RedactedExchange, billed: bool) -> None:
        """Add an exchange."""
        self.sums.update(requests=1, errors=int(is_failed(exchange)))
        if billed:
            self._add_usage(exchange)
        self.counts["outcomes"][outcome_name(exchange.outcome)] += 1
        self.counts["endings"][exchange.ended.value] += 1
        self.counts["statuses"][_status_class(exchange.status_code)] += 1
        self._add_time("latency", exchange.latency_ms)
        self._add_time("ttft", exchange.ttft_ms)

    def _add_usage(self, exchange: RedactedExchange) -> None:
        tokens, cost = token_counts(exchange), cost_of(exchange)
        self.sums.update({name: count or 0 for name, count in tokens.items()})
        uncounted = all(count is None for count in tokens.values())
        self.sums.update(cost=cost or 0, unpriced=int(cost is None), uncounted=int(uncounted))

    def _add_time(self, name: str, ms: float | None) -> None:
        if ms is not None:
            self.histograms[name][bisect_left(HISTOGRAMS[name], ms)] += 1

    def columns(self) -> dict[str, Any]:
        """As the columns of a row."""
        json = {name: to_text(value) for name, value in {**self.counts, **self.histograms}.items()}
        return {**{name: self.sums[name] for name in SUMS}, **json}


def _status_class(status: int | None) -> str:
    return f"{status // 100}xx" if status else "none"


async def add_to_rollups(
    conn: AsyncConnection, recorder: str, exchanges: Sequence[RedactedExchange], billed: set[str]
) -> None:
    """Add exchanges to the rows of their minutes and hours."""
    tallies: dict[RollupKey, Tally] = {}
    for exchange in exchanges:
        for step in STEPS:
            tallies.setdefault(_key(exchange, recorder, step), Tally()).add(exchange, exchange.id in billed)
    await _merge(conn, tallies)


async def book_unrecorded(conn: AsyncConnection, recorder: str, outcomes: Mapping[str, int], died: int = 0) -> None:
    """Add exchanges that left no record, `died` of them with their gateway, to the rows of this minute and hour."""
    if not outcomes:
        return
    now = time.time_ns()
    tallies = {}
    for step in STEPS:
        tally = Tally(sums=Counter(requests=sum(outcomes.values())))
        tally.counts["outcomes"].update(outcomes)
        tally.counts["endings"].update({Ended.GATEWAY_DIED.value: died} if died else {})
        tallies[DEFAULT_PROJECT, UNKNOWN_KEY, step, start_of(now, step), recorder, "", "", ""] = tally
    await _merge(conn, tallies)


def start_of(ns: int, step: int) -> int:
    """The beginning of the step of `step` seconds that `ns` lies in."""
    return ns - ns % (step * _NS)


def _key(exchange: RedactedExchange, recorder: str, step: int) -> RollupKey:
    return (
        exchange.project_id,
        fit_id(exchange.key_id) or "",
        step,
        start_of(exchange.started_at, step),
        recorder,
        fit_id(exchange.provider) or "",
        fit_id(exchange.model) or "",
        fit_id(exchange.route) or "",
    )


async def _merge(conn: AsyncConnection, tallies: dict[RollupKey, Tally]) -> None:
    """Add tallies to their rows, made and locked first: not even two recorders of one name lose a count."""
    keys = sorted(tallies)
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        empty = Tally().columns()
        await conn.execute(
            insert(conn, ROLLUP).on_conflict_do_nothing(), [{**_key_columns(key), **empty} for key in chunk]
        )
        locked = select(ROLLUP).where(tuple_(*_KEY).in_(chunk)).with_for_update()
        for row in (await conn.execute(locked)).mappings():
            tallies[_row_key(row)].add_row(row)
        await _save(conn, [{**_key_columns(key), **tallies[key].columns()} for key in chunk])


async def _save(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    statement = insert(conn, ROLLUP)
    values = {name: statement.excluded[name] for name in (*SUMS, *COUNTS, *HISTOGRAMS)}
    await conn.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=values), rows)


def _key_columns(key: RollupKey) -> dict[str, Any]:
    return {column.name: value for column, value in zip(_KEY, key, strict=True)}


def _row_key(row: RowMapping) -> RollupKey:
    project_id, key_id, step, start, recorder, provider, model, route = (row[column.name] for column in _KEY)
    return project_id, key_id, step, start, recorder, provider, model, route
