"""Numbers over a time, added up from the rollups."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import ROLLUP
from transom.store.projects import of_project
from transom.store.read import usd
from transom.store.rollups import DAY, HISTOGRAMS, HOUR, MINUTE, MINUTES_KEPT_NS, Tally, read_tallies, start_of
from transom.store.rows import TOKENS

MINUTES_UP_TO_NS = 6 * HOUR * 10**9
HOURS_UP_TO_NS = 8 * DAY * 10**9
"""Longer times are shown by the hour, and so are those whose minutes may be gone; still longer ones by the day."""

_R = ROLLUP.c


async def stats(conn: AsyncConnection, since: int, until: int, project_id: str | None = None) -> dict[str, Any]:
    """What happened from `since` (its minute, hour or day included) to `until` (not included).

    Returns the numbers of `summary` in all, `since`, `until`, `step_s`, `by_model` (the same numbers with `model` and
    `provider`, the most requests first) and `series` (the same with `start`, oldest first, without the steps in which
    nothing happened).
    """
    step = _step(since, until)
    wanted = [_R.step == step, _R.start >= start_of(since, step), _R.start < until]
    wanted.append(of_project(_R.project_id, project_id))
    models = await read_tallies(conn, [_R.provider, _R.model], wanted)
    series = await read_tallies(conn, [_R.start], wanted)
    total = Tally()
    for tally in models.values():
        total.merge(tally)
    ranked = sorted(models.items(), key=lambda item: (-item[1].sums["requests"], item[0]))
    return {
        "since": since,
        "until": until,
        "step_s": step,
        **summary(total),
        "by_model": [{"provider": p or None, "model": m or None, **summary(t)} for (p, m), t in ranked],
        "series": [{"start": start, **summary(tally)} for (start,), tally in sorted(series.items())],
    }


def _step(since: int, until: int) -> int:
    if until - since <= MINUTES_UP_TO_NS and since >= time.time_ns() - MINUTES_KEPT_NS:
        return MINUTE
    return HOUR if until - since <= HOURS_UP_TO_NS else DAY


def summary(tally: Tally) -> dict[str, Any]:
    """The numbers of a tally as JSON.

    `requests, errors, unpriced, uncounted`, the token sums, `cost_usd` (None if no price is known), `latency_p50_ms`,
    `latency_p95_ms`, `ttft_p50_ms`, `ttft_p95_ms`, and the counts `outcomes`, `endings`, `statuses`.
    """
    sums = tally.sums
    unknown = sums["unpriced"] > 0 and sums["cost"] == 0
    times = {
        f"{name}_p{share}_ms": percentile(HISTOGRAMS[name], histogram, share / 100)
        for name, histogram in tally.histograms.items()
        for share in (50, 95)
    }
    return {
        **{name: sums[name] for name in ("requests", "errors", "unpriced", "uncounted", *TOKENS)},
        "cost_usd": None if unknown else usd(sums["cost"]),
        **times,
        **{name: dict(counter) for name, counter in tally.counts.items()},
    }


def percentile(bounds: Sequence[int], counts: Sequence[int], share: float) -> float | None:
    """The value below which that share lies, as straight as the bucket allows (Prometheus' histogram_quantile).

    What lies above the last bound is told as that bound. None without any value.
    """
    rank = share * sum(counts)
    if not rank:
        return None
    below, lower = 0, 0
    for upper, count in zip(bounds, counts, strict=False):
        if below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, upper
    return float(bounds[-1])
