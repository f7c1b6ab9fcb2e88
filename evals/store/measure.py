"""How fast the store writes and reads, and how little it takes on disk.

    .venv/bin/python -m evals.store.measure rates|queries|storage … [--database sqlite|postgresql] [--traces 100000]

prints tables and keeps them in evals/store/<date>.json, beside what else was measured on that day. `queries` first
stores a month of traces; the million that it takes by itself need some ten minutes. PostgreSQL 15 is started for it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from evals.store import queries, rates, storage
from evals.store.databases import KINDS, place

TRACES = {"rates": 10_000, "queries": 1_000_000, "storage": 10_000}
BATCHES = (64, 256)
"""A recorder's records; more when it has fallen behind."""

Row = dict[str, Any]


def measure_rates(kind: str, traces: int) -> list[Row]:
    """A row for each size of batch."""
    found = []
    for batch in BATCHES:
        with place(kind) as where:
            found.append(uvloop.run(rates.measure(where, traces, batch)))
    return found


def measure_queries(kind: str, traces: int) -> list[Row]:
    """A row for each question, after one for the filling."""
    with place(kind) as where:
        return uvloop.run(queries.measure(where, traces))


def measure_storage(kind: str, traces: int) -> list[Row]:
    """One row."""
    with place(kind) as where:
        return [uvloop.run(storage.measure(where, traces))]


def table(title: str, rows: Iterable[Row]) -> Table:
    """As many columns as the rows have names."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = Table(*(name.replace("_", " ") for name in names), title=title)
    for row in rows:
        shown.add_row(*("" if row.get(name) is None else str(row[name]) for name in names))
    return shown


def keep(result: dict[str, Any]) -> None:
    """Add to what was measured today."""
    today = datetime.now(UTC).date().isoformat()
    path = Path(__file__).parent / f"{today}.json"
    kept = json.loads(path.read_text()) if path.exists() else {"date": today}
    path.write_text(json.dumps({**kept, **result}, indent=1) + "\n")


MEASUREMENTS = {"rates": measure_rates, "queries": measure_queries, "storage": measure_storage}


def main() -> None:
    """Measure what the command line names."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="+", choices=MEASUREMENTS)
    options.add_argument("--database", choices=KINDS, action="append")
    options.add_argument("--traces", type=int)
    chosen = options.parse_args()
    for what in chosen.what:
        for kind in chosen.database or KINDS:
            rows = MEASUREMENTS[what](kind, chosen.traces or TRACES[what])
            Console().print(table(f"{what}, {kind}", rows))
            keep({f"{what} {kind}": rows})


if __name__ == "__main__":
    main()
