"""How fast the relay is, beside nginx, the provider itself and other gateways.

    .venv/bin/python -m evals.relay.measure [table|memory|streams] [--only nginx,transom] [--rounds 3] [--seconds 5]

`table` puts all gateways under the same loads, each on one core, in turns; `memory` looks at Transom's gateway after
20,000 and after 200,000 exchanges; `streams` has it hold 2,000 slow streams at once. What is measured is kept in
evals/relay/<date>.json, but for a table with `--only`. It takes Linux with two cores, gcc, nginx and Node.js; the other
gateways are installed into a folder of their own, once.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals.relay import load, memory, nginx, peers, report, rounds, streams, targets, transom
from evals.relay.gateways import Bench, Missing, Start, direct
from evals.relay.processes import OTHER_CORE
from evals.relay.targets import Target

HERE = Path(__file__).parent
STARTS: dict[str, Start] = {
    "direct": direct,
    "nginx": nginx.running,
    "transom": transom.running,
    "tensorzero": peers.tensorzero,
    "litellm": peers.litellm,
    "portkey": peers.portkey,
}


def main() -> None:
    """Measure what the command line names."""
    chosen = _options().parse_args()
    # What we do ourselves must not disturb the gateway, and 2,000 streams take a descriptor or two each.
    os.sched_setaffinity(0, {OTHER_CORE})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        try:
            tools = load.build(chosen.tools, Path(folder))
        except FileNotFoundError as error:
            raise SystemExit(str(error)) from None
        bench = Bench(tools, Path(folder), chosen.peers.absolute(), chosen.drain)
        MEASUREMENTS[chosen.what](bench, chosen, Console())


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="?", choices=MEASUREMENTS, default="table")
    options.add_argument("--only", type=lambda names: names.split(","), help="gateways, with commas between")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5, help="of each load")
    options.add_argument("--drain", type=float, default=10, help="seconds a recorder may go on after each turn")
    options.add_argument("--tools", type=Path, default=HERE.parents[2] / "shared" / "bench", help="the load tools")
    options.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "transom-bench")
    return options


def show_table(bench: Bench, chosen: argparse.Namespace, console: Console) -> None:
    """All gateways, or those of `--only`, beside the provider itself."""
    starts = {name: start for name, start in STARTS.items() if name in ("direct", *(chosen.only or STARTS))}
    with _progress(console, len(peers.PACKAGES) + chosen.rounds * len(starts)) as told:
        missing = install(bench.peers, starts, told)
        found = {name: start for name, start in starts.items() if name not in missing}
        runs = rounds.measure(bench, found, chosen.rounds, chosen.seconds, told)
    runs.missing |= missing
    for shown in report.tables(runs):
        console.print(shown)
    if not chosen.only:
        whole = {"rounds": chosen.rounds, "seconds": chosen.seconds, "missing": runs.missing, "turns": runs.turns}
        _keep("table", whole, targets.of_table(runs), console)


def install(folder: Path, names: Iterable[str], told: Callable[[str], None]) -> dict[str, str]:
    """Those of the peers that aren't there yet; gives why any of them can't be."""
    missing = {}
    for name in names:
        if name in peers.PACKAGES:
            told(f"installing {name}")
            try:
                peers.install(folder, name)
            except Missing as error:
                missing[name] = str(error)
    return missing


def show_memory(bench: Bench, chosen: argparse.Namespace, console: Console) -> None:
    """Transom's gateway after many exchanges and after ten times as many."""
    with _progress(console, 1) as told:
        told("memory")
        found = memory.measure(bench)
    console.print(report.plain("Memory", {"transom": found}))
    console.print(report.judged(targets.of_memory(found)))
    _keep("memory", found, targets.of_memory(found), console)


def show_streams(bench: Bench, chosen: argparse.Namespace, console: Console) -> None:
    """nginx and Transom with 2,000 streams at once."""
    with _progress(console, 1) as told:
        told("streams")
        found = streams.measure(bench)
    console.print(report.plain("Slow streams at once", found))
    console.print(report.judged(targets.of_streams(found)))
    _keep("streams", found, targets.of_streams(found), console)


MEASUREMENTS = {"table": show_table, "memory": show_memory, "streams": show_streams}


def _keep(what: str, result: dict[str, Any], judged: Iterable[Target], console: Console) -> None:
    console.print(f"kept in {report.keep(what, result, judged, HERE)}")


@contextmanager
def _progress(console: Console, steps: int) -> Iterator[Callable[[str], None]]:
    """A bar of that many steps, gone at the end; gives what begins the next of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=steps, completed=-1)
        yield lambda what: bar.update(task, description=what, advance=1)


if __name__ == "__main__":
    main()
