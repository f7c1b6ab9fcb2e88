from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evals.relay import load, memory, nginx, rounds, streams, targets, transom
from evals.relay.gateways import Bench, Gateway, Missing, direct
from evals.relay.load import Outcome

TOOLS = Path(__file__).parents[4] / "shared" / "bench"
NOTHING = Bench(load.Tools(Path(), Path()), Path(), Path(), 0)

needs_peers = pytest.mark.skipif(
    not (TOOLS.exists() and shutil.which("gcc") and shutil.which("nginx")), reason="needs the load tools, gcc and nginx"
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(load.build(TOOLS, tmp_path), tmp_path, tmp_path / "peers", 0)


@contextmanager
def broken(bench: Bench, provider: int) -> Iterator[Gateway]:
    raise Missing("it has no program")
    yield


def test_gateways_take_turns_and_one_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    monkeypatch.setattr(rounds, "take_turn", lambda bench, start, seconds: start(bench, 0))
    starts = {"nginx": lambda *_: {"is": "nginx"}, "broken": lambda *_: broken(*_).__enter__(), "x": lambda *_: {}}
    runs = rounds.measure(NOTHING, starts, 2, 1, order.append)  # type: ignore[arg-type]
    assert order == [
        "round 1 of 2: nginx",
        "round 1 of 2: broken",
        "round 1 of 2: x",
        "round 2 of 2: nginx",
        "round 2 of 2: x",
    ]
    assert runs.missing == {"broken": "it has no program"}
    assert runs.turns == {"nginx": [{"is": "nginx"}] * 2, "x": [{}, {}]}


def test_what_failed_is_not_counted_as_work_done():
    outcome = Outcome(12, 11, 1, 0, 2.0, 0.1, 0.2, 0.1, 0.2, 5, "0")
    found = rounds.figures(outcome, 0.001)
    assert (found["sent"], found["failed"], found["per_s"], found["cpu_us"]) == (12, 2, 5.0, 100.0)


def test_without_a_good_answer_there_are_no_times():
    outcome = Outcome(5, 5, 5, 0, 2.0, -1, -1, -1, -1, 0, "0")
    found = rounds.figures(outcome, 0.001)
    assert found["failed"] == 5
    assert all(found[name] is None for name in ("per_s", "cpu_us", "p50_ms", "first_p99_ms"))


@needs_peers
@pytest.mark.slow
def test_a_turn_of_each_measures_every_load_and_the_books_add_up(bench: Bench):
    starts = {"direct": direct, "nginx": nginx.running, "transom": transom.running}
    runs = rounds.measure(bench, starts, 1, 0.2, lambda _: None)
    assert runs.missing == {}
    for name, (turn,) in runs.turns.items():
        assert set(turn["loads"]) == set(rounds.LOADS)
        assert all(one["per_s"] > 0 and not one["failed"] and not one["unlike"] for one in turn["loads"].values()), name
    assert runs.turns["transom"][0]["loads"]["requests"]["cpu_us"] > 0
    assert targets.unaccounted(runs.turns["transom"][0]) == 0


@needs_peers
@pytest.mark.slow
def test_memory_and_streams_are_measured_the_same_way_when_there_is_less(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "EXCHANGES", (100, 400))
    monkeypatch.setattr(streams, "STREAMS", 20)
    monkeypatch.setattr(streams, "CANCELLED", 5)
    monkeypatch.setattr(streams, "GAP_MS", 150)
    grown = memory.measure(bench)
    assert grown["sent"] == 400
    assert next(iter(targets.of_memory(grown))).what == "growth of memory, %"
    assert targets.unaccounted(grown) == 0
    held = streams.measure(bench)
    assert {name: row["whole"] for name, row in held.items()} == {"nginx": 15, "transom": 15}
    assert held["transom"]["unlike"] == 0
    assert targets.unaccounted(held["transom"]) == 0
