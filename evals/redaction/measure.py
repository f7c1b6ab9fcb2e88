"""How much personal data the profiles find, what else they take, and how fast.

    .venv/bin/python -m evals.redaction.measure [quality] [clean] [speed] [sessions] [hostile]
        [--profiles fast,logs,strict] [--sets synth_v2,tab,wnut,heldout,chat,secrets,indic]

`quality` counts on labelled texts; `clean` counts what is taken from code, JSON and prose without personal data;
`speed` is CPU time for new text; `sessions` for conversations that resend their history; `hostile` for texts made to be
slow. Without a word it does all. What is measured is kept in evals/redaction/<date>.json, but for a part of the
profiles or sets. Sets that aren't there are left out: sets/public.py and sets/recorded.py say where they come from.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from evals.redaction import hostile, report, sets, speed, targets
from evals.redaction.alignment import PLACEHOLDER
from evals.redaction.cases import score
from evals.redaction.engine import Engine, exchange, user
from evals.redaction.sets.clean import clean
from evals.redaction.targets import Found
from evals.relay.report import judged, keep
from evals.relay.targets import Target

HERE = Path(__file__).parent
PROFILES = ["fast", "logs", "strict"]
Step = TypeVar("Step")


def main() -> None:
    """Measure what the command line names."""
    chosen = _options().parse_args()
    console = Console(width=None if Console().is_terminal else 140)
    for what in chosen.what or MEASUREMENTS:
        measure, show, judge = MEASUREMENTS[what]
        found = measure(chosen, console)
        for table in show(found):
            console.print(table)
        judgements = list(judge(found))
        console.print(judged(judgements))
        if chosen.profiles == PROFILES and chosen.sets == list(sets.SETS):
            console.print(f"kept in {keep(what, found, judgements, HERE)}")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # argparse looks for the default among the choices.
    options.add_argument("what", nargs="*", choices=[*MEASUREMENTS, []], default=[])
    options.add_argument("--profiles", type=lambda names: names.split(","), default=PROFILES)
    options.add_argument("--sets", type=lambda names: names.split(","), default=list(sets.SETS))
    return options


def measure_quality(chosen: argparse.Namespace, console: Console) -> Found:
    """Scores by profile and set."""
    found: Found = {profile: {} for profile in chosen.profiles}
    made = {name: cases for name in chosen.sets if (cases := sets.load(name, console.print)) is not None}
    for profile in chosen.profiles:
        engine = Engine(profile)
        for name, cases in made.items():
            told = _bar(cases, f"{profile}: {name}", console)
            found[profile][name] = score(engine, told).report()
    return found


def measure_clean(chosen: argparse.Namespace, console: Console) -> Found:
    """False spans by profile and kind of text."""
    found: Found = {}
    texts = clean()
    for profile in chosen.profiles:
        engine = Engine(profile)
        counted = {kind: _bar(some, f"{profile}: {kind}", console) for kind, some in texts.items()}
        found[profile] = {kind: _false_spans(engine, some) for kind, some in counted.items()}
    return found


def _false_spans(engine: Engine, texts: Iterable[str]) -> dict[str, Any]:
    taken, size = Counter[str](), 0
    for text in texts:
        redacted = engine.redact(exchange([user(text)])).input_messages[0].parts[0]["content"]
        taken.update(mark[1] for mark in PLACEHOLDER.finditer(str(redacted)))
        size += len(text.encode())
    kb = size / 1024
    return {
        "kb": round(kb),
        "spans": taken.total(),
        "per_kb": taken.total() / kb,
        "by_entity": dict(taken.most_common()),
    }


def measure_speed(chosen: argparse.Namespace, console: Console) -> Found:
    """CPU time by profile, kind of text and size of a message."""
    found: Found = {}
    for profile in _bar(chosen.profiles, "speed", console):
        engine = Engine(profile)
        found[profile] = {"mix": speed.fresh(engine, mix=True), "traffic": speed.fresh(engine, mix=False)}
    return found


def measure_sessions(chosen: argparse.Namespace, console: Console) -> Found:
    """CPU time of conversations by profile."""
    told = _bar(chosen.profiles, "sessions", console)
    return {profile: asyncio.run(speed.sessions(profile)) for profile in told}


def measure_hostile(chosen: argparse.Namespace, console: Console) -> Found:
    """CPU seconds by profile and shape."""
    found: Found = {}
    for profile in chosen.profiles:
        told = _bar(list(hostile.shapes().items()), f"{profile}: hostile", console)
        found[profile] = hostile.measure(Engine(profile), told)
    return found


def _bar(steps: Sequence[Step], what: str, console: Console) -> Iterable[Step]:
    """The steps, with a bar that is gone at the end."""
    return track(steps, what, console=console, transient=True, disable=not console.is_terminal)


Measure = Callable[[argparse.Namespace, Console], Found]
MEASUREMENTS: dict[str, tuple[Measure, Callable[[Found], Iterable[Any]], Callable[[Found], Iterable[Target]]]] = {
    "quality": (measure_quality, report.quality, targets.of_quality),
    "clean": (measure_clean, lambda found: [report.clean(found)], targets.of_clean),
    "speed": (measure_speed, lambda found: [report.speed(found)], targets.of_speed),
    "sessions": (measure_sessions, lambda found: [report.sessions(found)], targets.of_sessions),
    "hostile": (measure_hostile, lambda found: [report.hostile(found)], targets.of_hostile),
}
"""How to measure, to show and to judge."""


if __name__ == "__main__":
    main()
