"""Words before a finding that speak for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

CHARS = 60
"""How far before a finding its label may stand."""

BOOST = 0.35
ENOUGH = 0.4
"""What a context word adds to a score, and the least that it makes of it: those of Presidio's
`LemmaContextAwareEnhancer`."""

_WORD = re.compile(r"[^\W_]+")


class Context:
    """Phrases, of which each is found where all its words stand, as whole words, in any order and case."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = [words for words in map(_words, phrases) if words]

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def before(self, text: str, start: int) -> bool:
        """Whether one of the phrases stands in the 60 characters before `start`."""
        near = _words(text[max(0, start - CHARS) : start])
        return any(phrase <= near for phrase in self._phrases)

    def raised(self, score: float, text: str, start: int) -> float:
        """The score of a finding at `start`, with what its context adds."""
        return min(1.0, max(score + BOOST, ENOUGH)) if self and self.before(text, start) else score


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
