"""The words of a text and where they stand: one pass over a text that all recognizers of words share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

LETTER = (
    r"A-Za-zªµºÀ-ÖØ-öø-\u02af\u0300-\u036f\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u05d0-\u05ea\u0620-\u065f\u0671-\u06d3"
    r"\u0900-\u0963\u0971-\u097f\u0980-\u09e3\u09f0\u09f1\u0a00-\u0a65\u0a70-\u0a75\u0a80-\u0ae3\u0b00-\u0b65\u0b71-\u0be3"
    r"\u0c00-\u0c63\u0c80-\u0ce3\u0d00-\u0d63\u1e00-\u1fff\u200c\u200d"
)
r"""The letters of alphabets that put spaces between words, for a character class. With the vowel signs and joiners that
Python's `\w` leaves out, without which Bengali and Hindi words fall to pieces."""

_WORD = re.compile(f"[{LETTER}]+")


@lru_cache(maxsize=1)
def index(text: str) -> Mapping[str, list[int]]:
    """Each word of the text in lower case, and its starts. The last text's is kept, in memory only."""
    starts: dict[str, list[int]] = {}
    for match in _WORD.finditer(text):
        starts.setdefault(match.group().lower(), []).append(match.start())
    return starts


def spot(text: str, vocabulary: frozenset[str]) -> list[tuple[int, str]]:
    """Where words of a vocabulary stand, in order, and which."""
    found = vocabulary & _distinct(text)
    if not found:
        return []
    words = index(text)
    return sorted((start, word) for word in found for start in words[word])


@lru_cache(maxsize=1)
def _distinct(text: str) -> frozenset[str]:
    """The words of a text. Two sets are compared several times as fast as a set and a dictionary."""
    return frozenset(index(text))


_APART = "\u09dc\u09dd\u09df\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f"
"""Letters of Bengali and Hindi that Unicode never composes (CompositionExclusions.txt), as one character each."""


def word_list(name: str) -> frozenset[str]:
    """A list shipped beside this module. `evals/redaction/word_lists.py` says what it was made from."""
    return _spellings((Path(__file__).parent / "data" / name).read_text(encoding="utf-8").splitlines())


def vocabulary(text: str) -> frozenset[str]:
    """Its words, of which each is in lower case."""
    return _spellings(text.split())


def _spellings(words: Iterable[str]) -> frozenset[str]:
    """Each word in the encodings that it may come in: keyboards differ on `_APART`."""
    normal = {unicodedata.normalize("NFC", word) for word in words}
    return frozenset(normal | {_composed(word) for word in normal})


def _composed(word: str) -> str:
    for letter in _APART:
        word = word.replace(unicodedata.normalize("NFC", letter), letter)
    return word


def alternatives(words: Collection[str]) -> str:
    """A regular expression for any of some words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
