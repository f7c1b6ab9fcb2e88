"""`/metrics`: sums over all processes, read from the store at each scrape, so that no restart loses a count.

Labels come from the settings only; whatever else callers named is `other`, so that they can't make labels up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.config import PUBLIC_PROVIDERS, Settings
from transom.store.completeness import completeness
from transom.store.models import ROLLUP
from transom.store.projects import of_project
from transom.store.proofs import last_proof
from transom.store.read import Row
from transom.store.rollups import DAY, HISTOGRAMS, Tally, read_tallies
from transom.types import PICODOLLARS_PER_DOLLAR, OutcomeState

OTHER = "other"
_LABELS = ("provider", "route")
_TOKENS = ("input", "output", "cached_input", "cache_write", "reasoning")
_SUMS = {
    "errors": "Exchanges that gave the caller an error.",
    "unpriced": "Exchanges whose cost is unknown; cost leaves them out.",
    "uncounted": "Exchanges whose tokens are unknown; tokens leave them out.",
}

Tallies = Mapping[tuple[str, str], Tally]


@dataclass(frozen=True)
class Numbers:
    """What a scrape shows: sums by provider and route, where every exchange went, what waits, and the last proof."""

    tallies: Tallies
    went: Mapping[str, Any]
    spool_bytes: int
    proof: Row | None


async def read_numbers(conn: AsyncConnection, settings: Settings) -> Numbers:
    """Everything since the beginning, from the rollups and the books of the spool's writers."""
    tallies: dict[tuple[str, str], Tally] = {}
    providers = {*PUBLIC_PROVIDERS, *settings.providers}
    wanted = [ROLLUP.c.step == DAY, of_project(ROLLUP.c.project_id, None)]
    found = await read_tallies(conn, [ROLLUP.c.provider, ROLLUP.c.route], wanted)
    for (provider, route), tally in found.items():
        key = (_known(provider, providers), _known(route, settings.routes))
        tallies.setdefault(key, Tally()).merge(tally)
    return Numbers(tallies, await completeness(conn), _bytes_in(settings.spool_dir), await last_proof(conn))


def _known(name: str, names: Collection[str]) -> str:
    return name if not name or name in names else OTHER


def _bytes_in(folder: Path) -> int:
    """Bytes of the spool's files, which may go away while they are counted."""
    total = 0
    for path in folder.glob("*/*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def exposition(numbers: Numbers) -> bytes:
    """The Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_Numbers(numbers))
    return generate_latest(registry)


class _Numbers(Collector):
    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("transom_build", "The version that runs.", {"version": version("transom")})
        yield from _books(self._numbers)
        yield from _proof(self._numbers.proof)
        tallies = self._numbers.tallies
        yield _counter("requests", "Exchanges by status class.", "status", tallies, lambda t: t.counts["statuses"])
        yield _counter("endings", "Exchanges by how they ended.", "ended", tallies, lambda t: t.counts["endings"])
        yield _counter("tokens", "Tokens, of the exchanges that are counted.", "type", tallies, _token_sums)
        yield from _sums(tallies)
        yield _histogram("latency", "How long exchanges took.", tallies)
        yield _histogram("ttft", "How long the first token took.", tallies)


def _books(numbers: Numbers) -> Iterator[Metric]:
    went = numbers.went
    yield CounterMetricFamily("transom_exchanges_begun", "Exchanges begun.", value=went["begun"])
    outcomes = CounterMetricFamily("transom_exchanges", "Exchanges by where their record went.", labels=["outcome"])
    for state in OutcomeState:
        outcomes.add_metric([state.value], went[state.value])
    yield outcomes
    yield GaugeMetricFamily("transom_exchanges_in_flight", "Begun, without an outcome yet.", value=went["in_flight"])
    yield GaugeMetricFamily(
        "transom_exchanges_unaccounted", "Of writers that are done, without an outcome: always 0.", went["unaccounted"]
    )
    yield GaugeMetricFamily(
        "transom_lag_seconds", "How long after its end an exchange was stored, or has waited since.", went["lag_s"]
    )
    yield GaugeMetricFamily("transom_spool_bytes", "Size of this host's spool.", value=numbers.spool_bytes)


def _proof(proof: Row | None) -> Iterator[Metric]:
    """Nothing before the first one: then neither number is known."""
    if proof is None:
        return
    yield GaugeMetricFamily("transom_proof_ok", "Whether the last proof found no leak.", value=int(proof["holds"]))
    yield GaugeMetricFamily("transom_proof_time_seconds", "When the last proof was made (Unix).", proof["at"] / 1e9)


def _counter(name: str, help: str, label: str, tallies: Tallies, counts: Any) -> Metric:
    family = CounterMetricFamily(f"transom_{name}", help, labels=[*_LABELS, label])
    for key, tally in sorted(tallies.items()):
        for value, number in sorted(counts(tally).items()):
            family.add_metric([*key, value], number)
    return family


def _token_sums(tally: Tally) -> dict[str, int]:
    return {kind: tally.sums[f"{kind}_tokens"] for kind in _TOKENS}


def _sums(tallies: Tallies) -> Iterator[Metric]:
    for name, help in _SUMS.items():
        family = CounterMetricFamily(f"transom_{name}", help, labels=_LABELS)
        for key, tally in sorted(tallies.items()):
            family.add_metric(key, tally.sums[name])
        yield family
    cost = CounterMetricFamily("transom_cost_usd", "US dollars, of the exchanges that are priced.", labels=_LABELS)
    for key, tally in sorted(tallies.items()):
        cost.add_metric(key, float(Decimal(tally.sums["cost"]) / PICODOLLARS_PER_DOLLAR))
    yield cost


def _histogram(name: str, help: str, tallies: Tallies) -> Metric:
    family = HistogramMetricFamily(f"transom_{name}_seconds", help, labels=_LABELS)
    for key, tally in sorted(tallies.items()):
        # The rollups keep no sum of times, so there is none to show.
        family.add_metric(key, list(_cumulative(HISTOGRAMS[name], tally.histograms[name])), sum_value=None)
    return family


def _cumulative(bounds_ms: Iterable[int], counts: Iterable[int]) -> Iterator[tuple[str, int]]:
    total = 0
    edges = [*(str(bound / 1000) for bound in bounds_ms), "+Inf"]
    for edge, number in zip(edges, counts, strict=True):
        total += number
        yield edge, total
