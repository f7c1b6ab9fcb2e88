"""Sums per minute, hour and day, kept as traces come in, so that a dashboard never reads raw rows.

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

from sqlalchemy import ColumnElement, RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import insert_many, lock_rows
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

MINUTE, HOUR, DAY = STEPS = (60, 3600, 86_400)
"""Seconds. Each row of a longer step adds up those of the shorter ones, so that long times take few rows, too."""

MINUTES_KEPT_NS = 7 * DAY * 10**9
"""Retention deletes the minutes before that; hours and days stay."""

LATENCY_BOUNDS_MS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960, 81920)
TTFT_BOUNDS_MS = (1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""Upper bounds of the buckets; one more bucket holds what is above the last."""

UNKNOWN_KEY = ""
"""The `key_id` of exchanges that left no record."""

SUMS = ("requests", "errors", "unpriced", "uncounted", *TOKENS, "cost")
COUNTS = ("outcomes", "endings", "statuses")
HISTOGRAMS = {"latency": LATENCY_BOUNDS_MS, "ttft": TTFT_BOUNDS_MS}

RollupKey = tuple[Any, ...]
"""The primary key: project, API key, step, start, recorder, provider, model, route."""

_KEY = tuple(ROLLUP.primary_key.columns.keys())
_NS = 10**9
_NEW = ", ".join(f"{name} = excluded.{name}" for name in (*SUMS, *COUNTS, *HISTOGRAMS))
_REPLACE = f"({', '.join(_KEY)}) DO UPDATE SET {_NEW}"


@dataclass
class Tally:
    """The numbers of one rollup row, or of several added up."""

    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in COUNTS})
    histograms: dict[str, list[int]] = field(
        default_factory=lambda: {name: [0] * (len(bounds) + 1) for name, bounds in HISTOGRAMS.items()}
    )

    def add(self, exchange: RedactedExchange, billed: bool) -> None:
        """Add an exchange."""
        self.sums["requests"] += 1
        self.sums["errors"] += is_failed(exchange)
        if billed:
            self._add_usage(exchange)
        self.counts["outcomes"][outcome_name(exchange.outcome)] += 1
        self.counts["endings"][exchange.ended.value] += 1
        self.counts["statuses"][_status_class(exchange.status_code)] += 1
        self._add_time("latency", exchange.latency_ms)
        self._add_time("ttft", exchange.ttft_ms)

    def _add_usage(self, exchange: RedactedExchange) -> None:
        tokens, cost = token_counts(exchange), cost_of(exchange)
        for name, count in tokens.items():
            self.sums[name] += count or 0
        self.sums["cost"] += cost or 0
        self.sums["unpriced"] += cost is None
        self.sums["uncounted"] += all(count is None for count in tokens.values())

    def _add_time(self, name: str, ms: float | None) -> None:
        if ms is not None:
            self.histograms[name][bisect_left(HISTOGRAMS[name], ms)] += 1

    def merge(self, other: Tally) -> None:
        """Add another tally."""
        for name, number in other.sums.items():
            self.sums[name] += number
        for name, counter in other.counts.items():
            self.counts[name].update(counter)
        for name, histogram in other.histograms.items():
            self.histograms[name] = [a + b for a, b in zip(self.histograms[name], histogram, strict=True)]

    def columns(self) -> dict[str, Any]:
        """As the columns of a row."""
        json = {name: to_text(value) for name, value in {**self.counts, **self.histograms}.items()}
        return {**self.sums, **json}


async def read_tallies(
    conn: AsyncConnection, by: Sequence[ColumnElement[Any]], where: Sequence[ColumnElement[bool]]
) -> dict[tuple[Any, ...], Tally]:
    """The rollups that fulfil all of `where`, one step of them, added up by some columns.

    The database adds the numbers. JSON it only joins: that of all rows is added here at once.
    """
    sums = (func.sum(ROLLUP.c[name]).label(name) for name in SUMS)
    joined = (func.aggregate_strings(ROLLUP.c[name], ",").label(name) for name in (*COUNTS, *HISTOGRAMS))
    found = await conn.execute(select(*by, *sums, *joined).where(*where).group_by(*by))
    return {tuple(row[column.name] for column in by): _tally_of(row) for row in found.mappings()}


def _tally_of(row: RowMapping) -> Tally:
    """The numbers of a row, or of several whose JSON was joined."""
    counts = {name: _added(_each(row[name])) for name in COUNTS}
    histograms = {name: list(map(sum, zip(*_each(row[name]), strict=True))) for name in HISTOGRAMS}
    return Tally({name: int(row[name]) for name in SUMS}, counts, histograms)


def _each(joined: str) -> list[Any]:
    return list(from_text(f"[{joined}]"))


def _added(counts: Sequence[Mapping[str, int]]) -> Counter[str]:
    total = Counter[str]()
    for each in counts:
        for name, number in each.items():
            total[name] += number
    return total


def _status_class(status: int | None) -> str:
    return f"{status // 100}xx" if status else "none"


async def add_to_rollups(
    conn: AsyncConnection, recorder: str, exchanges: Sequence[RedactedExchange], billed: set[str]
) -> None:
    """Add exchanges to the rows of their minutes, hours and days."""
    tallies: dict[RollupKey, Tally] = {}
    for exchange in exchanges:
        tallies.setdefault(_key(exchange, recorder), Tally()).add(exchange, exchange.id in billed)
    await _merge(conn, {**tallies, **_longer(tallies)})


def _longer(minutes: Mapping[RollupKey, Tally]) -> dict[RollupKey, Tally]:
    """The tallies of the hours and days that some minutes are in."""
    tallies: dict[RollupKey, Tally] = {}
    for (project_id, key_id, _, start, *rest), tally in minutes.items():
        for step in (HOUR, DAY):
            key = (project_id, key_id, step, start_of(start, step), *rest)
            tallies.setdefault(key, Tally()).merge(tally)
    return tallies


async def book_unrecorded(conn: AsyncConnection, recorder: str, outcomes: Mapping[str, int], died: int = 0) -> None:
    """Add exchanges that left no record, `died` of them with their gateway, to the rows of this minute and hour."""
    if not outcomes:
        return
    now = time.time_ns()
    tally = Tally()
    tally.sums["requests"] = sum(outcomes.values())
    tally.counts["outcomes"].update(outcomes)
    tally.counts["endings"].update({Ended.GATEWAY_DIED.value: died} if died else {})
    minute = (DEFAULT_PROJECT, UNKNOWN_KEY, MINUTE, start_of(now, MINUTE), recorder, "", "", "")
    await _merge(conn, {minute: tally, **_longer({minute: tally})})


def start_of(ns: int, step: int) -> int:
    """The beginning of the step of `step` seconds that `ns` lies in."""
    return ns - ns % (step * _NS)


def _key(exchange: RedactedExchange, recorder: str) -> RollupKey:
    return (
        exchange.project_id,
        fit_id(exchange.key_id) or "",
        MINUTE,
        start_of(exchange.started_at, MINUTE),
        recorder,
        fit_id(exchange.provider) or "",
        fit_id(exchange.model) or "",
        fit_id(exchange.route) or "",
    )


async def _merge(conn: AsyncConnection, tallies: Mapping[RollupKey, Tally]) -> None:
    """Add tallies to their rows, which are locked first: not even two recorders of one name lose a count."""
    empty = Tally().columns()
    for row in await lock_rows(conn, ROLLUP, [{**_key_columns(key), **empty} for key in sorted(tallies)]):
        tallies[tuple(row[name] for name in _KEY)].merge(_tally_of(row))
    await insert_many(
        conn, ROLLUP, [{**_key_columns(key), **tallies[key].columns()} for key in sorted(tallies)], _REPLACE
    )


def _key_columns(key: RollupKey) -> dict[str, Any]:
    return dict(zip(_KEY, key, strict=True))
