from __future__ import annotations

from typing import Any

import pytest

from evals.relay import targets
from evals.relay.rounds import LOADS, Runs
from evals.relay.targets import Target

FIGURES = {"per_s": 1000.0, "cpu_us": 20.0, "p50_ms": 0.1, "p99_ms": 1.0, "first_p50_ms": 0.1, "first_p99_ms": 1.0}
BOOKS = {"begun": 10, "stored": 4, "metadata_only": 1, "dropped": 0, "waiting": 5}


def turn(times: float = 1, **more: Any) -> dict[str, Any]:
    """One whose every figure is so many times the usual."""
    scaled = {name: value * times for name, value in FIGURES.items()}
    return {"loads": dict.fromkeys(LOADS, scaled), "sent": 10, "books": dict(BOOKS), **more}


def test_ratios_are_taken_within_a_round():
    # The machine was ten times slower in the second round; the gateways' ratio was the same.
    runs = Runs({"nginx": [turn(1), turn(10), turn(1)], "transom": [turn(4), turn(40), turn(5)]}, {})
    assert runs.ratio("transom", "nginx", "requests", "cpu_us") == 4
    assert runs.added("transom", "nginx", "requests", "p50_ms") == pytest.approx(0.4)
    assert runs.median("transom", "requests", "per_s") == 5000


def test_a_gateway_that_never_answered_has_no_figures():
    runs = Runs({"nginx": [turn(), turn()], "portkey": [turn(), turn()]}, {})
    for one in runs.turns["portkey"]:
        one["loads"] = {**one["loads"], "streams": dict.fromkeys(FIGURES)}
    assert runs.median("portkey", "streams", "per_s") is None
    assert runs.ratio("nginx", "portkey", "streams", "per_s") is None
    assert runs.ratio("nginx", "portkey", "requests", "per_s") == 1
    assert runs.ratio("nginx", "litellm", "requests", "per_s") is None


@pytest.mark.parametrize(("found", "met"), [(4.9, True), (5.0, True), (5.1, False), (None, None)])
def test_a_target_is_met_missed_or_not_measured(found: float | None, met: bool | None):
    assert Target("CPU", 5, 4, found).met is met


def test_a_throughput_is_met_from_below():
    assert not Target("requests/s", 90, None, 89.9, at_least=True).met
    assert Target("requests/s", 90, None, 90.1, at_least=True).met


def test_targets_that_need_a_missing_peer_are_not_measured():
    runs = Runs({"direct": [turn()], "nginx": [turn()], "transom": [turn(2)]}, {"tensorzero": "pip failed"})
    found = {one.what: one for one in targets.of_table(runs)}
    assert found["requests: CPU, times nginx's"].met
    assert found["streams: CPU, times nginx's"].met is False
    assert found["requests/s, times tensorzero's"].met is None
    assert found["streams at 200/s: p99 beyond nginx's, ms"].found == 1
    assert found["exchanges not accounted for"].met


@pytest.mark.parametrize(("name", "apart"), [("begun", 2), ("stored", 1), ("dropped", 1), ("waiting", 1)])
def test_an_exchange_too_many_anywhere_shows_in_the_books(name: str, apart: int):
    one = turn()
    assert targets.unaccounted(one) == 0
    one["books"][name] += 1
    assert targets.unaccounted(one) == apart


def test_one_that_was_sent_and_never_begun_is_not_accounted_for():
    assert targets.unaccounted(turn(sent=11)) == 1


def test_memory_may_grow_by_a_tenth():
    found = {"sent": 10, "growth": 0.11, "books": BOOKS}
    growth, books = targets.of_memory(found)
    assert (growth.met, books.met) == (False, True)
    assert next(targets.of_memory({**found, "growth": 0.1})).met


def test_every_stream_that_stayed_must_be_whole():
    row = {"sent": 10, "streams": 2000, "cancelled": 100, "whole": 1900, "unlike": 0, "provider_learned_ms": 30.0}
    assert all(one.met for one in targets.of_streams({"transom": {**row, "books": BOOKS}}))
    lost = targets.of_streams({"transom": {**row, "whole": 1899, "books": BOOKS}})
    assert [one.met for one in lost] == [False, True, True, True]
