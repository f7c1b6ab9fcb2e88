"""Texts cut into what a model reads at once: whole sentences, packed up to 320 characters."""

from __future__ import annotations

import re

LONGEST = 320
SENTENCE_END = re.compile(r"\n+|(?<=[.!?;])\s+")


def windows(text: str, longest: int = LONGEST) -> list[tuple[int, int]]:
    """(start, end) of each window: sentences side by side, a sentence that is too long cut at a space."""
    packed: list[tuple[int, int]] = []
    for start, end in _sentences(text, longest):
        if packed and start - packed[-1][1] <= 4 and end - packed[-1][0] <= longest:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed


def _sentences(text: str, longest: int) -> list[tuple[int, int]]:
    ends = [*((m.start(), m.end()) for m in SENTENCE_END.finditer(text)), (len(text), len(text))]
    found, start = [], 0
    for end, following in ends:
        while end - start > longest:
            cut = text.rfind(" ", start + longest // 2, start + longest)
            cut = cut if cut > 0 else start + longest
            found.append((start, cut))
            start = cut
        if end > start:
            found.append((start, end))
        start = following
    return found
