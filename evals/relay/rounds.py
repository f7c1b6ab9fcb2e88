"""Turns: each gateway in each round gets the same loads, before a provider of its own, with nothing else running."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from evals.relay import load, processes
from evals.relay.gateways import Bench, Gateway, Missing, Start
from evals.relay.load import Load, Outcome

RATE = 200
LOADS = {
    f"requests at {RATE}/s": Load(rate=RATE),
    f"streams at {RATE}/s": Load(rate=RATE, stream=True),
    "requests, one connection": Load(connections=1),
    "streams, one connection": Load(connections=1, stream=True),
    "requests": Load(),
    "streams": Load(stream=True),
}
"""In this order, so that no recorder has more to catch up with than it must while latency is measured."""

LATENCIES = {name: "first_" if one.stream else "" for name, one in LOADS.items() if one.rate or one.connections == 1}
"""The loads that latency is told of, and how its figures begin: of streams it is that of the first byte."""

WARM_UP_S = 1.0

Turn = dict[str, Any]
"""Of one gateway in one round: `version`, `recorded`, `rss_mb`, `sent`, `books`, and `loads`: the figures of each."""


@dataclass
class Runs:
    """What came of it: the turns of each gateway, round by round, and why others have none."""

    turns: dict[str, list[Turn]]
    missing: dict[str, str]

    def median(self, gateway: str, name: str, figure: str) -> float | None:
        """Over the rounds; None where a gateway has no such figure."""
        return _median(turn["loads"][name][figure] for turn in self.turns.get(gateway, []))

    def ratio(self, gateway: str, other: str, name: str, figure: str) -> float | None:
        """Median over the rounds of the ratio within one, since the machine drifts."""
        return _median(mine / its for mine, its in self._pairs(gateway, other, name, figure))

    def added(self, gateway: str, other: str, name: str, figure: str) -> float | None:
        """Median over the rounds of the difference within one."""
        return _median(mine - its for mine, its in self._pairs(gateway, other, name, figure))

    def _pairs(self, gateway: str, other: str, name: str, figure: str) -> Iterator[tuple[float, float]]:
        both = zip(self.turns.get(gateway, []), self.turns.get(other, []), strict=False)
        pairs = ((mine["loads"][name][figure], its["loads"][name][figure]) for mine, its in both)
        return (pair for pair in pairs if None not in pair)


def _median(of: Iterable[float | None]) -> float | None:
    known = [value for value in of if value is not None]
    return statistics.median(known) if known else None


def measure(
    bench: Bench, starts: Mapping[str, Start], rounds: int, seconds: float, told: Callable[[str], None]
) -> Runs:
    """All gateways in turn, `rounds` times over. `told` hears what is done next."""
    runs = Runs({name: [] for name in starts}, {})
    for number, name in product(range(1, rounds + 1), starts):
        if name in runs.missing:
            continue
        told(f"round {number} of {rounds}: {name}")
        try:
            runs.turns[name].append(take_turn(bench, starts[name], seconds))
        except (Missing, RuntimeError, OSError) as error:
            runs.missing[name] = str(error)
            del runs.turns[name]
    return runs


def take_turn(bench: Bench, start: Start, seconds: float) -> Turn:
    """Start a gateway, warm it up and put each load on it. Raises Missing where it doesn't answer as it should."""
    with bench.fresh() as here, load.provider(here.tools, here.folder) as provider, start(here, provider) as gateway:
        sent = _warm_up(bench, gateway)
        found = {name: put(bench, gateway, replace(one, seconds=seconds)) for name, one in LOADS.items()}
        rss_mb = round(processes.rss_mb(gateway.pid), 1) if gateway.pid else None
    sent += sum(one["sent"] for one in found.values())
    told = {"version": gateway.version, "recorded": gateway.recorded, "rss_mb": rss_mb}
    return {**told, "sent": sent, "books": gateway.books, "loads": found}


def _warm_up(bench: Bench, gateway: Gateway) -> int:
    """How many calls it took."""
    probe = load.run(bench.tools, gateway.address, Load(connections=1, count=1))
    if not probe.good:
        raise Missing("it answered the first call with an error")
    warm = [Load(seconds=WARM_UP_S), Load(seconds=WARM_UP_S, stream=True)]
    return probe.sent + sum(load.run(bench.tools, gateway.address, one).sent for one in warm)


def put(bench: Bench, gateway: Gateway, one: Load) -> dict[str, Any]:
    """One load on a gateway, and what it took; CPU is that of the gateway's processes alone."""
    if gateway.pid is None:
        return figures(load.run(bench.tools, gateway.address, one))
    cpu_s, waited_s = processes.cpu_s(gateway.pid), processes.waited_s(gateway.pid)
    outcome = load.run(bench.tools, gateway.address, one)
    return figures(outcome, processes.cpu_s(gateway.pid) - cpu_s, processes.waited_s(gateway.pid) - waited_s)


def figures(outcome: Outcome, cpu_s: float | None = None, waited_s: float | None = None) -> dict[str, Any]:
    """What is kept of a load. Without an answer that was good, there is nothing to tell but that.

    Shares are of the time that the load took: what the gateway had of its core, and how long it waited for it.
    """
    good = outcome.good
    found: dict[str, Any] = {"sent": outcome.sent, "failed": outcome.sent - good, "unlike": outcome.unlike}
    times = ("p50_ms", "p99_ms", "first_p50_ms", "first_p99_ms")
    found |= {name: getattr(outcome, name) if good else None for name in times}
    found["per_s"] = round(good / outcome.seconds, 1) if good else None
    found["cpu_us"] = round(cpu_s * 1e6 / good, 2) if good and cpu_s is not None else None
    for name, value in (("core_share", cpu_s), ("waited_share", waited_s)):
        found[name] = None if value is None or not good else round(value / outcome.seconds, 3)
    return found
