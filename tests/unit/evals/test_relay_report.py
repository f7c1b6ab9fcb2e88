from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.relay import report
from evals.relay.rounds import LOADS, Runs
from evals.relay.targets import Target

FIGURES = {"per_s": 1234.0, "cpu_us": 20.5, "core_share": 0.9, "waited_share": 0.25, "failed": 3}
TIMES = {"p50_ms": 0.1, "p99_ms": 1.0, "first_p50_ms": 0.1, "first_p99_ms": 1.0}
TURN = {
    "version": "1",
    "recorded": "nothing",
    "rss_mb": 16.0,
    "sent": 10,
    "loads": {name: {**FIGURES, **TIMES} for name in LOADS},
}
BOOKS = {"begun": 10, "stored": 4, "metadata_only": 1, "dropped": 0, "waiting": 5, "recorder_cpu_s": 0.1}


def text(*tables: Table) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(*tables)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_every_gateway_has_a_row_and_a_missing_one_its_reason():
    runs = Runs({"direct": [TURN], "nginx": [TURN], "transom": [{**TURN, "books": BOOKS}]}, {"litellm": "pip failed"})
    shown = text(*report.tables(runs))
    assert "1,234" in shown
    assert "missing: pip failed" in shown
    assert f"{3 * len(LOADS)}" in shown
    assert "not measured" in shown


def test_figures_of_a_contended_core_are_shown_as_such():
    calm = {**TURN, "loads": {name: {**FIGURES, **TIMES, "waited_share": 0.01} for name in LOADS}}
    assert "transom 25 %" in text(report.throughput(Runs({"nginx": [calm], "transom": [TURN]}, {})))
    assert "waited" not in text(report.throughput(Runs({"nginx": [calm], "transom": [calm]}, {})))


def test_a_missed_target_is_shown_as_missed():
    shown = text(report.judged([Target("CPU", 5, 4, 9.7), Target("speed", 90, None, 91, at_least=True)]))
    assert "missed" in shown and "9.70" in shown
    assert "met" in shown and "≥ 90" in shown


def test_figures_without_a_table_of_their_own_are_shown_without_the_books():
    shown = text(report.plain("Streams", {"nginx": {"whole": 2}, "transom": {"whole": 1, "books": BOOKS}}))
    assert "whole" in shown and "transom" in shown
    assert "begun" not in shown


def test_results_of_a_day_are_kept_together_with_what_they_met(tmp_path: Path):
    report.keep("memory", {"growth": 0.2}, [Target("growth", 10, None, 20)], tmp_path)
    path = report.keep("streams", {"whole": 2000}, [], tmp_path)
    kept = json.loads(path.read_text())
    assert kept["memory"]["growth"] == 0.2
    assert kept["memory"]["targets"][0]["met"] is False
    assert kept["streams"]["whole"] == 2000
    assert kept["host"]["cores"] > 0
    assert path.stem == kept["date"]
