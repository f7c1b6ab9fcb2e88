"""What the relay must reach, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from evals.relay.rounds import LATENCIES, Runs, Turn

ADDED_P50_MS = 0.5
P99_BEYOND_NGINX_MS = 2.0
GROWTH_PERCENT = 10.0
CANCELLED_MS = 100.0


class Target(msgspec.Struct, frozen=True):
    """`met` is None where it couldn't be measured. A limit is the least where `at_least`, else the most."""

    what: str
    limit: float
    aim: float | None
    found: float | None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether what was found is within the limit."""
        if self.found is None:
            return None
        return self.found >= self.limit if self.at_least else self.found <= self.limit


def of_table(runs: Runs) -> Iterator[Target]:
    """What the rounds found, by their medians."""
    for kind, limit, aim in (("requests", 5.0, 4.0), ("streams", 1.6, 1.5)):
        found = runs.ratio("transom", "nginx", kind, "cpu_us")
        yield Target(f"{kind}: CPU, times nginx's", limit, aim, found)
    for other, least, more in (("tensorzero", 1.8, 2.0), ("litellm", 90.0, None)):
        found = runs.ratio("transom", other, "requests", "per_s")
        yield Target(f"requests/s, times {other}'s", least, more, found, at_least=True)
    for kind, first in LATENCIES.items():
        added = runs.added("transom", "direct", kind, f"{first}p50_ms")
        yield Target(f"{kind}: p50 added, ms", ADDED_P50_MS, None, added)
        beyond = runs.added("transom", "nginx", kind, f"{first}p99_ms")
        yield Target(f"{kind}: p99 beyond nginx's, ms", P99_BEYOND_NGINX_MS, None, beyond)
    if turns := runs.turns.get("transom"):
        yield _accounted(turns)


def of_memory(found: dict[str, Any]) -> Iterator[Target]:
    """What memory.measure found."""
    yield Target("growth of memory, %", GROWTH_PERCENT, None, 100 * found["growth"])
    yield _accounted([found])


def of_streams(found: dict[str, dict[str, Any]]) -> Iterator[Target]:
    """What streams.measure found."""
    transom = found["transom"]
    staying = transom["streams"] - transom["cancelled"]
    yield Target("streams that were not whole", 0, None, staying - transom["whole"])
    yield Target("pieces that were not the provider's", 0, None, transom["unlike"])
    yield Target("provider learned of clients that left, ms", CANCELLED_MS, None, transom["provider_learned_ms"])
    yield _accounted([transom])


def _accounted(turns: list[Turn]) -> Target:
    return Target("exchanges not accounted for", 0, None, sum(map(unaccounted, turns)))


def unaccounted(turn: Turn) -> int:
    """How far apart the books are: what was sent, what was begun, and what is stored, dropped or waits."""
    sent: int = turn["sent"]
    books: dict[str, int] = turn["books"]
    kept = sum(books[name] for name in ("stored", "metadata_only", "dropped", "waiting"))
    return abs(sent - books["begun"]) + abs(books["begun"] - kept)
