"""Code, JSON and prose of the Python packages installed here whose licences are permissive, parted into texts to learn
from and texts to measure on (by package, so that no file's sibling is on both sides)."""

from __future__ import annotations

import random
import re
import sys
import zlib
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Literal

PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Zlib|Unlicense|CC0)\b", re.IGNORECASE)
LIMITED = re.compile(r"\b(A?L?GPL|MPL|EUPL|CeCILL|Proprietary)", re.IGNORECASE)
LEFT_OUT = re.compile(
    r"faker|names?_|authors|contributors|spacy|presidio|mimesis|phonenumbers|rampart|geo|licen[sc]e|copying|top_level",
    re.IGNORECASE,
)
FROM_EACH = 40
"""Files of a package at most, so that none outweighs the others."""
SIZES = range(400, 400_000)
MEASURED_SHARE = 4
"""A package in so many is kept for measuring."""
Part = Literal["train", "measure"]


def texts(part: Part, suffixes: tuple[str, ...], seed: int = 0, roots: list[str] | None = None) -> Iterator[str]:
    """Pieces of up to 6,000 characters from files with some suffixes, in random order, one a file. Files whose purpose
    is to list names (of people, places, contributors) are left out, and so are licences."""
    rng = random.Random(seed)
    chosen: list[Path] = []
    for found in sorted(distributions(path=roots or sys.path), key=lambda d: d.name):
        if _open(found) and part_of(found) == part:
            files = [
                f for f in _files(found) if f.suffix in suffixes and not LEFT_OUT.search(str(f.relative_to(f.anchor)))
            ]
            chosen += rng.sample(files, min(len(files), FROM_EACH))
    rng.shuffle(chosen)
    for path in chosen:
        if path.exists() and path.stat().st_size in SIZES:
            yield piece(path.read_text(errors="ignore"), rng)


def piece(text: str, rng: random.Random, length: int = 6000) -> str:
    """Whole lines from somewhere in a text."""
    start = text.rfind("\n", 0, rng.randrange(max(1, len(text) - length))) + 1
    return text[start : start + length]


def part_of(found: Distribution) -> Part:
    """Which side a package is on."""
    return "train" if zlib.crc32(found.name.lower().encode()) % MEASURED_SHARE else "measure"


def _open(found: Distribution) -> bool:
    declared = [*found.metadata.get_all("Classifier", []), found.metadata.get("License-Expression", "")]
    stated = (
        " ".join(line for line in declared if not line.startswith("Topic")) + (found.metadata.get("License") or "")[:80]
    )
    return bool(PERMISSIVE.search(stated)) and not LIMITED.search(stated)


def _files(found: Distribution) -> list[Path]:
    return [Path(str(file.locate())) for file in found.files or []]
