"""Which sentences the small model must see: those that show a sign of personal data.

Nearly half of the sentences of a chat have none; leaving them out costs the recall of tweets two hundredths.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("words")
_SIGN = re.compile("[0-9]{2}|@|[\u00c0-\u024f\u1e00-\u1eff]")
_CAPITALISED = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Za-z]*")
_LOWER = re.compile("[a-z]{3,}")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


@cache
def common_words() -> frozenset[str]:
    """English words that are no names, in lower case."""
    return _read("common.txt")


@cache
def lower_names() -> frozenset[str]:
    """Names, in lower case, that are no common words."""
    return _read("names.txt")


def _read(name: str) -> frozenset[str]:
    lines = (_FOLDER / name).read_text().splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def readable(sentence: str) -> bool:
    """Whether a sentence has any letter that the model can read."""
    return _LATIN.search(sentence) is not None


def wanted(sentence: str) -> bool:
    """Whether a readable sentence has two digits in a row, `@`, a letter with a mark, or what may be a name."""
    if not readable(sentence):
        return False
    if _SIGN.search(sentence):
        return True
    common = common_words()
    if any(word.lower() not in common for word in _CAPITALISED.findall(sentence)):
        return True
    return not lower_names().isdisjoint(_LOWER.findall(sentence))
