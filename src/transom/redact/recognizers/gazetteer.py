"""Finds the names of a list in the words of a text, and tells whether they say something about a person there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from transom.redact.recognizers.words import LETTER, index, spot, vocabulary

_REACH = 60
"""Characters between a name and a word that makes it personal."""
_JOINED = re.compile(rf"[{LETTER}]+(?:(?:\. |[ .'’-])[{LETTER}]+){{0,5}}")
_IDENTIFIER = re.compile(r"[\w/\\@#$&%=*+~^|.-]\Z")
_CODE_AFTER = re.compile(r"[\w/\\@=*~^|(\[{]|[.:][\w/:=]|[\"'`]?\s?[:=(\]]")
_PERSONAL = vocabulary(
    "i i'm me my mine myself he him his himself she her hers herself husband wife son daughter brother "
    "sister mother father mom dad mum uncle aunt cousin nephew niece grandmother grandfather parents family "
    "fiancé fiancée boyfriend girlfriend friend colleague boss neighbour neighbor born live lives lived "
    "living resides resident residence residing citizen citizenship national nationality native immigrant "
    "refugee married divorced widow patient client customer applicant passenger employee tenant student man "
    "woman boy girl lady gentleman mr mrs ms miss dr name address addressed hometown birthplace city country "
    "emigrated immigrated moved relocated ship shipped deliver located office offices letter visit visited "
    "visiting travel travelling traveling trip flight passport visa arrived ich mein meine er sie je mon ma "
    "mes il elle yo mi él ella io mio mia lui lei ben benim ja mój moja আমি আমার আমাকে তিনি তার তাঁর বাড়ি "
    "বাসা ঠিকানা জন্ম मैं मेरा मेरी मेरे मुझे वह उसका उसकी घर पता जन्म যাব যাচ্ছি "
    "থাকি থাকেন থাকে जाना जाऊँगा रहता रहती रहते"
)
"""Words near which a place, a nationality or a religion is likely to be somebody's."""


class Gazetteer:
    """A set of names in lower case, of one word or of several."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._first = frozenset(match.group() for name in self._names if (match := _WORD.match(name)))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where names stand, the longest at each place, none of them part of an identifier or a path."""
        taken = 0
        for start, _ in spot(text, self._first):
            end = self._end(text, start) if start >= taken else None
            if end and not _IDENTIFIER.search(text, max(0, start - 1), start) and not _CODE_AFTER.match(text, end):
                yield start, end
            taken = end or taken

    def _end(self, text: str, start: int) -> int | None:
        joined = _JOINED.match(text, start, start + 48)
        value = joined.group() if joined else ""
        while value:
            if value.lower().replace("’", "'") in self._names:
                return start + len(value)
            value = _LAST_WORD.sub("", value)
        return None


_WORD = re.compile(f"[{LETTER}]+")
_LAST_WORD = re.compile(rf"(?:\. |[ .'’-]|\A)[{LETTER}]+\Z")


class Personal:
    """Where a text speaks of persons."""

    def __init__(self, text: str) -> None:
        words = index(text)
        self._starts = sorted(start for word in _PERSONAL.intersection(words) for start in words[word])

    def near(self, start: int, end: int) -> bool:
        """Whether such a word stands within reach of a range."""
        at = bisect_left(self._starts, start - _REACH)
        return at < len(self._starts) and self._starts[at] < end + _REACH
