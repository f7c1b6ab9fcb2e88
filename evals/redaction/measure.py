"""How much of the personal data in labelled texts the profiles find, and how much else they take.

    .venv/bin/python evals/redaction/measure.py [profile …]

reads presidio-research's 1,500 synthetic texts (MIT) from ../shared/data/pii beside the checkout; get the file from
https://github.com/microsoft/presidio-research (data/synth_dataset_v2.json) otherwise. Counts letters and digits,
whatever entity they are given: recall is the share of labelled ones that are redacted, precision the share of redacted
ones that are labelled. Organisations and titles are neither credited nor held against. The result is kept as
evals/redaction/<date>.json.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from transom.config import Redaction, Settings
from transom.redact.redactor import Redactor
from transom.secret import Secret

DATA = Path(__file__).parents[3] / "shared" / "data" / "pii" / "presidio_research_synth_v2.json"
IGNORED = {"ORGANIZATION", "TITLE"}
BATCH = 50


def places(text: str, spans: Iterable[tuple[int, int]]) -> set[int]:
    """The letters and digits that some spans cover."""
    return {i for start, end in spans for i in range(start, end) if text[i : i + 1].isalnum()}


def measure(profile: str, samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Recall, precision and speed of a profile."""
    redactor = Redactor(Settings(redaction=Redaction(profile=profile)), Secret(b"evaluation".ljust(32)))
    found_of, labelled_of = Counter[str](), Counter[str]()
    redacted = right = 0
    began = time.process_time()
    for start in track(range(0, len(samples), BATCH), profile):
        batch = samples[start : start + BATCH]
        for sample, spans in zip(batch, redactor.find([s["full_text"] for s in batch]), strict=True):
            text, labels = sample["full_text"], sample["spans"]
            mine = places(text, ((s.start, s.end) for s in spans))
            for label in labels:
                own = places(text, [(label["start_position"], label["end_position"])])
                labelled_of[label["entity_type"]] += len(own)
                found_of[label["entity_type"]] += len(own & mine)
            ignored = places(text, spans_of(labels, IGNORED))
            redacted += len(mine - ignored)
            right += len(mine & places(text, spans_of(labels, set(labelled_of) - IGNORED)))
    took = time.process_time() - began
    counted = [name for name in labelled_of if name not in IGNORED]
    recall = sum(found_of[n] for n in counted) / sum(labelled_of[n] for n in counted)
    size = sum(len(s["full_text"].encode()) for s in samples) / 1024
    return {
        "recall": round(recall, 3),
        "precision": round(right / redacted, 3),
        "cpu_ms_per_kb": round(took * 1000 / size, 2),
        "recall_by_type": {name: round(found_of[name] / labelled_of[name], 3) for name in sorted(counted)},
    }


def spans_of(labels: list[dict[str, Any]], kinds: set[str]) -> list[tuple[int, int]]:
    """The labelled spans of some kinds."""
    return [(s["start_position"], s["end_position"]) for s in labels if s["entity_type"] in kinds]


def main(profiles: list[str]) -> None:
    console = Console()
    if not DATA.exists():
        console.print(f"{DATA.name} is not there: see the top of this file.")
        raise SystemExit(1)
    samples = json.loads(DATA.read_text())
    result = {profile: measure(profile, samples) for profile in profiles}
    table = Table("profile", "recall", "precision", "CPU ms/KB", title=f"synth_v2, {len(samples)} texts")
    for profile, row in result.items():
        table.add_row(profile, str(row["recall"]), str(row["precision"]), str(row["cpu_ms_per_kb"]))
    console.print(table)
    today = datetime.now(UTC).date().isoformat()
    kept = {"date": today, "set": "presidio-research synth_dataset_v2", "profiles": result}
    (Path(__file__).parent / f"{today}.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["fast", "logs", "strict"])
