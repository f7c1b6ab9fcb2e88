"""Where every exchange begun has gone, over all writers ever and day by day."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import SPOOL_POSITION, WRITER_DAY
from transom.store.positions import UNDONE, dropped_outcomes
from transom.store.rows import from_text
from transom.types import DAY_NS, OutcomeState

UNHEARD_OF_NS = 30 * 10**9
"""A recorder says at least that often how far it is; its lag grows when it doesn't."""

_P, _D = SPOOL_POSITION.c, WRITER_DAY.c


@dataclass
class _Books:
    begun: int = 0
    in_flight: int = 0
    unaccounted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    def add(self, row: RowMapping) -> None:
        outcomes = Counter(from_text(row["outcomes"])) + dropped_outcomes({UNDONE: row["undone"]})
        # A batch may be booked before the writer's own count of what it began has been read.
        begun = max(row["begun"], outcomes.total())
        self.begun += begun
        self.reasons += outcomes
        self.ended += Counter(from_text(row["endings"]))
        without = begun - outcomes.total()
        if row["closed"]:
            self.unaccounted += without
        else:
            self.in_flight += without

    def shown(self) -> dict[str, Any]:
        states = Counter({state.value: 0 for state in OutcomeState})
        for name, count in self.reasons.items():
            states[name.partition(":")[0]] += count
        return {
            "begun": self.begun,
            **states,
            "in_flight": self.in_flight,
            "unaccounted": self.unaccounted,
            "reasons": dict(self.reasons),
            "ended": dict(self.ended),
        }


async def completeness(conn: AsyncConnection, days: int = 0) -> dict[str, Any]:
    """The books in all and of the newest `days` days.

    `{"begun", "stored", "metadata_only", "dropped", "in_flight", "unaccounted": int, "reasons": {outcome: int},
    "ended": {ended: int}}`: begun is the sum of the five that follow it; `in_flight` belongs to writers that aren't
    closed and `unaccounted`, always 0, to those that are. `lag_s` is how long after its end an exchange was stored,
    or has been waiting since; `days` holds the same numbers with `day` (ISO 8601, UTC; None for what was begun before
    days were kept), the newest first.
    """
    joined = WRITER_DAY.join(SPOOL_POSITION, _P.writer_id == _D.writer_id)
    total, by_day = _Books(), defaultdict[int, _Books](_Books)
    for row in (await conn.execute(select(*WRITER_DAY.c, _P.closed).select_from(joined))).mappings():
        total.add(row)
        by_day[row["day"]].add(row)
    newest = sorted(by_day.items(), reverse=True)[:days]
    return {
        **total.shown(),
        "lag_s": await _lag_s(conn),
        "days": [{"day": _date(day), **books.shown()} for day, books in newest],
    }


async def _lag_s(conn: AsyncConnection) -> float:
    """The longest of all writers that live, or aren't recorded to their end."""
    now = time.time_ns()
    lags = await conn.execute(select(_P.lag_ns, _P.looked_at).where(~_P.closed))
    unheard = [(lag, max(0, now - looked_at)) for lag, looked_at in lags]
    return max((lag + (away if away > UNHEARD_OF_NS else 0) for lag, away in unheard), default=0) / 1e9


def _date(day: int) -> str | None:
    return datetime.fromtimestamp(day * DAY_NS / 1e9, UTC).date().isoformat() if day else None
