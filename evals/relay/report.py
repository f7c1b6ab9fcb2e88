"""Tables for people, and JSON to keep."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from evals.relay.rounds import LATENCIES, RATE, Runs, Turn
from evals.relay.targets import Target, of_table, unaccounted

SINGLE = ("nginx", "transom")
"""Gateways with one busy thread: when it waits for its core, that is for processes that aren't part of the run."""

CALM = 0.05
OUTCOMES = ("begun", "stored", "metadata_only", "dropped", "waiting")


def tables(runs: Runs) -> Iterator[Table]:
    """What was measured of all gateways."""
    yield throughput(runs)
    yield latency(runs)
    if turns := runs.turns.get("transom"):
        yield beside(runs)
        yield books(turns)
    yield judged(of_table(runs))


def throughput(runs: Runs) -> Table:
    """A row for each gateway, those that are missing included."""
    shown = Table(title="One core, 64 connections: medians of the rounds")
    names = ("CPU µs", "of a core")
    _columns(shown, "gateway", "requests/s", *names, "streams/s", *names, "failed", "RSS MB")
    shown.add_column("records")
    for name, turns in runs.turns.items():
        cells = [
            _number(runs.median(name, kind, figure), digits)
            for kind in ("requests", "streams")
            for figure, digits in (("per_s", 0), ("cpu_us", 1), ("core_share", 2))
        ]
        failed = sum(one["failed"] for turn in turns for one in turn["loads"].values())
        last = turns[-1]
        named = f"{name} {last['version']}".strip()
        shown.add_row(named, *cells, f"{failed:,}", _number(last["rss_mb"], 0), last["recorded"])
    contended = [f"{name} {100 * share:.0f} %" for name in SINGLE if (share := _waited(runs, name)) > CALM]
    if contended:
        shown.caption = f"The core was contended: {', '.join(contended)} of the time waited for it. Measure again."
    for name, why in runs.missing.items():
        shown.add_row(name, *[""] * 8, f"missing: {why}")
    return shown


def _waited(runs: Runs, gateway: str) -> float:
    return max(runs.median(gateway, kind, "waited_share") or 0 for kind in ("requests", "streams"))


def beside(runs: Runs) -> Table:
    """Transom's figures as multiples of the others'.

    A gateway that is kept busy by 64 connections gets several calls at each look at its sockets, and its peers never
    sleep; at a fixed rate, all of them pay for being woken. Both are told: which is yours depends on your traffic.
    """
    shown = Table(title="Transom, times the other")
    figures = {
        f"{heading} {kind}": (load, figure)
        for kind, load in (("request", "requests"), ("stream", "streams"))
        for heading, load, figure in (
            ("rate,", load, "per_s"),
            ("CPU a", load, "cpu_us"),
            (f"CPU at {RATE}/s a", f"{load} at {RATE}/s", "cpu_us"),
        )
    }
    _columns(shown, "other", *figures)
    for name in runs.turns:
        if name not in ("direct", "transom"):
            shown.add_row(name, *(_number(runs.ratio("transom", name, *one), 2) for one in figures.values()))
    return shown


def latency(runs: Runs) -> Table:
    """A row for each gateway and each load that isn't there to saturate it."""
    shown = Table(title="Latency in ms; of streams, to the first byte. Added: beyond that of the provider itself")
    _columns(shown, "gateway", "p50", "added", "p99", "added", "CPU µs")
    for kind, first in LATENCIES.items():
        shown.add_section()
        shown.add_row(kind, style="bold")
        for name in runs.turns:
            cells = []
            for figure in (f"{first}p50_ms", f"{first}p99_ms"):
                cells += [runs.median(name, kind, figure), runs.added(name, "direct", kind, figure)]
            shown.add_row(name, *(_number(cell, 3) for cell in cells), _number(runs.median(name, kind, "cpu_us"), 1))
    return shown


def books(turns: list[Turn]) -> Table:
    """What became of each call of Transom's turns."""
    shown = Table(title="Transom's books")
    _columns(shown, "round", "sent", *OUTCOMES, "unaccounted", "recorder's CPU ms each")
    for number, turn in enumerate(turns, 1):
        found = turn["books"]
        numbers = (turn["sent"], *(found[name] for name in OUTCOMES), unaccounted(turn))
        each = 1000 * found["recorder_cpu_s"] / found["stored"] if found["stored"] else None
        shown.add_row(str(number), *(f"{one:,}" for one in numbers), _number(each, 1))
    return shown


def judged(targets: Iterable[Target]) -> Table:
    """A row for each target."""
    shown = Table("target", "limit", "aim", "found", "", title="Targets")
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        aim = "" if target.aim is None else f"{sign} {target.aim:g}"
        shown.add_row(target.what, f"{sign} {target.limit:g}", aim, _number(target.found, 2), verdict(target))
    return shown


def verdict(target: Target) -> str:
    """In colour."""
    return {True: "[green]met[/]", False: "[red]missed[/]", None: "[yellow]not measured[/]"}[target.met]


def plain(title: str, rows: dict[str, dict[str, Any]]) -> Table:
    """A column for each row, and a line for each of its figures but the books."""
    shown = Table("", *rows, title=title)
    names = dict.fromkeys(name for row in rows.values() for name in row if name != "books")
    for name in names:
        shown.add_row(name.replace("_", " "), *(str(row.get(name, "")) for row in rows.values()))
    return shown


def keep(what: str, result: dict[str, Any], targets: Iterable[Target], folder: Path) -> Path:
    """Add to what was measured today, with whether targets were met; gives the file."""
    today = datetime.now(UTC).date().isoformat()
    path = folder / f"{today}.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    judgements = [msgspec.to_builtins(one) | {"met": one.met} for one in targets]
    whole = {**kept, "date": today, "host": host(), what: {**result, "targets": judgements}}
    path.write_text(json.dumps(whole, indent=1) + "\n")
    return path


def host() -> dict[str, Any]:
    """The machine, without its name."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "cpu": found[1] if found else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": os.getloadavg(),
    }


def _columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name.replace("_", " "), justify="right")


def _number(value: float | None, digits: int) -> str:
    """With thousands separated; nothing for what is unknown."""
    return "" if value is None else f"{value:,.{digits}f}"
