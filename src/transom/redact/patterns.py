"""Runs pattern recognizers over one text until nothing is left to find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from transom.redact.cover import Cover
from transom.redact.finding import Finding, Recognizer, Span
from transom.redact.placeholders import pattern
from transom.redact.profiles import Profile
from transom.redact.text import fold

_TAKEN = "\ufffc"
"""Stands for whatever is redacted already (U+FFFC, object replacement character)."""

_MAX_ROUNDS = 8
"""Texts of people need two; the bound is against texts made to need one for each finding."""


class Patterns:
    """Pattern recognizers and the profile that says which of their findings count.

    `entities` are all that may stand in a placeholder.
    """

    def __init__(self, recognizers: Sequence[Recognizer], profile: Profile, entities: Iterable[str]) -> None:
        self._recognizers, self._profile = recognizers, profile
        self._placeholder = pattern(entities)

    def placeholders(self, text: str) -> Cover:
        """Where placeholders stand in the text already."""
        return Cover(match.span() for match in self._placeholder.finditer(text)) if "<" in text else Cover()

    def find(self, text: str, cover: Cover) -> list[Span]:
        """What is to be redacted. `cover` holds what is taken and takes what is found.

        Each round sees what is taken as one character. So redacting a redacted text shows the recognizers what
        their last round saw, and changes nothing.
        """
        folded = fold(text)
        spans: list[Span] = []
        for _ in range(_MAX_ROUNDS):
            view = _View(folded, cover)
            found = resolve(text, ((view.original(f), name) for f, name in self._run(view.text)), cover)
            if not found:
                break
            spans += found
        return spans

    def _run(self, text: str) -> Iterable[tuple[Finding, str]]:
        for recognizer in self._recognizers:
            for finding in recognizer.find(text):
                if self._profile.takes(finding.entity, finding.score):
                    yield finding, recognizer.name


class _View:
    """A text in which each taken range is one character."""

    def __init__(self, text: str, cover: Cover) -> None:
        pieces, self._starts, self._origins = [], [0], [0]
        position, length = 0, 0
        for start, end in cover.ranges:
            pieces += [text[position:start], _TAKEN]
            length += start - position + 1
            self._starts += [length - 1, length]
            self._origins += [start, end]
            position = end
        self.text = "".join([*pieces, text[position:]])

    def original(self, finding: Finding) -> Finding:
        """The finding at its place in the text itself."""
        return finding._replace(start=self._origin(finding.start), end=self._origin(finding.end))

    def _origin(self, position: int) -> int:
        index = bisect_right(self._starts, position) - 1
        return self._origins[index] + position - self._starts[index]


def resolve(text: str, found: Iterable[tuple[Finding, str]], cover: Cover) -> list[Span]:
    """Findings without overlaps: the longest first, then the surest; of a later one, what the others leave."""
    spans = []
    for finding, recognizer in sorted(found, key=_precedence):
        for start, end in list(cover.gaps(finding.start, finding.end)):
            start, end = _trim(text, start, end)
            if any(char.isalnum() for char in text[start:end]):
                cover.add(start, end)
                spans.append(Span(start, end, finding.entity, recognizer))
    return spans


def _precedence(found: tuple[Finding, str]) -> tuple[int, float, int, str]:
    finding = found[0]
    return finding.start - finding.end, -finding.score, finding.start, finding.entity


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without the spaces at its ends."""
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())
