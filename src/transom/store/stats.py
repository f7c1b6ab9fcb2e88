"""Numbers over a time, added up from the rollups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import ROLLUP
from transom.store.read import usd
from transom.store.rollups import HISTOGRAMS, STEPS, Tally, start_of
from transom.store.rows import TOKENS

MINUTES_UP_TO_NS = 6 * 3600 * 10**9
"""Longer times are shown by the hour."""

_COLUMNS = [column for column in ROLLUP.c if column.name not in ("project_id", "key_id", "step", "recorder", "route")]


async def stats(conn: AsyncConnection, since: int, until: int, project_id: str | None = None) -> dict[str, Any]:
    """What happened from `since` (its minute or hour included) to `until` (not included).

    Returns the numbers of `summary` in all, `since`, `until`, `step_s`, `by_model` (the same numbers with `model` and
    `provider`, the most requests first) and `series` (the same with `start`, oldest first, without the steps in which
    nothing happened).
    """
    step = min(STEPS) if until - since <= MINUTES_UP_TO_NS else max(STEPS)
    query = select(*_COLUMNS).where(
        ROLLUP.c.step == step, ROLLUP.c.start >= start_of(since, step), ROLLUP.c.start < until
    )
    if project_id is not None:
        query = query.where(ROLLUP.c.project_id == project_id)
    total, models, series = Tally(), defaultdict[tuple[str, str], Tally](Tally), defaultdict[int, Tally](Tally)
    for row in (await conn.execute(query)).mappings():
        for tally in (total, models[row["provider"], row["model"]], series[row["start"]]):
            tally.add_row(row)
    ranked = sorted(models.items(), key=lambda item: (-item[1].sums["requests"], item[0]))
    return {
        "since": since,
        "until": until,
        "step_s": step,
        **summary(total),
        "by_model": [{"provider": p or None, "model": m or None, **summary(t)} for (p, m), t in ranked],
        "series": [{"start": start, **summary(tally)} for start, tally in sorted(series.items())],
    }


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
