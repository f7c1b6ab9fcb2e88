"""What redaction must reach, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.redaction.speed import SIZES
from evals.relay.targets import Target

STRUCTURED = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "NATIONAL_ID")
FALSE_PER_KB = 0.3
MS_PER_KB = {"fast": 1.0, "logs": 10.0, "strict": 32.0}
RESENT_TIMES = 8.0
HOSTILE_S = 1.5

Found = dict[str, dict[str, Any]]
"""By profile, then by set, kind or shape."""

QUALITY = [
    ("logs", "synth_v2", 92, 93),
    ("strict", "synth_v2", 94, 93),
    ("strict", "tab", 93, 90),
]
"""Profile, set, recall and precision in percent."""
STRUCTURED_PERCENT, SECRETS_PERCENT = 99, 98


def of_quality(found: Found) -> Iterator[Target]:
    """Recall and precision on labelled sets. TAB's dates are off in `logs`."""
    for profile, name, recall, precision in QUALITY:
        row = found.get(profile, {}).get(name, {})
        yield _share(f"{name}: recall in {profile}", recall, row.get("recall"))
        yield _share(f"{name}: precision in {profile}", precision, row.get("precision"))
    logs = found.get("logs", {})
    for name in ("synth_v2", "heldout", "chat"):
        yield _share(f"{name}: recall of structured types in logs", STRUCTURED_PERCENT, structured(logs.get(name, {})))
    yield _share("secrets: recall in logs", SECRETS_PERCENT, logs.get("secrets", {}).get("recall"))


def _share(what: str, percent: float, found: float | None) -> Target:
    return Target(f"{what}, %", percent, None, None if found is None else 100 * found, at_least=True)


def structured(row: dict[str, Any]) -> float | None:
    """The recall of letters and digits of types that have a form."""
    kinds = [kind for name, kind in row.get("by_kind", {}).items() if name in STRUCTURED]
    chars = sum(kind["chars"] for kind in kinds)
    return sum(kind["gone"] for kind in kinds) / chars if chars else None


def of_clean(found: Found) -> Iterator[Target]:
    """False spans in all that isn't prose, taken together."""
    kinds = [kind for name, kind in found.get("logs", {}).items() if name != "prose"]
    together = sum(kind["spans"] for kind in kinds) / sum(kind["kb"] for kind in kinds) if kinds else None
    yield Target("code and JSON: false spans per KB in logs", FALSE_PER_KB, None, together)


def of_speed(found: Found) -> Iterator[Target]:
    """Messages in which somebody's data is told every 400 characters: the costlier kind."""
    for profile, limit in MS_PER_KB.items():
        for size in map(str, SIZES):
            row = found.get(profile, {}).get("mix", {})
            yield Target(f"{profile}: CPU ms per KB, messages of {size} bytes", limit, None, row.get(size))


def of_sessions(found: Found) -> Iterator[Target]:
    """A conversation's text goes through the pool as many times as fast as new text."""
    times = found.get("logs", {}).get("times")
    yield Target("logs: 16-turn session, times as fast as fresh text", RESENT_TIMES, None, times, at_least=True)


def of_hostile(found: Found) -> Iterator[Target]:
    """The slowest of all shapes."""
    worst = max(found.get("logs", {}).values(), default=None)
    yield Target("logs: the slowest of the hostile 64 KB texts, CPU s", HOSTILE_S, None, worst)
