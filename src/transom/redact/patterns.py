"""Runs pattern recognizers over one text until nothing is left to find."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from transom.redact.cover import Cover
from transom.redact.finding import Finding, Recognizer, Span
from transom.redact.placeholders import pattern
from transom.redact.profiles import Profile
from transom.redact.taught import UNTAUGHT, Taught
from transom.redact.text import fold

_TAKEN = "\ufffc"
"""Stands for whatever is redacted already (U+FFFC, object replacement character)."""

_NEAR = 400
"""Characters. Recognizers look no further than a line or two for the words that tell what a number is."""
_SPACES = (" ", "\n")
_WORD = re.compile(r"[^\W_]")

_MAX_ROUNDS = 8
"""Texts of people need two; the bound is against texts made to need one for each finding."""


class Patterns:
    """Pattern recognizers and the profile that says which of their findings count.

    `entities` are all that may stand in a placeholder. What reviewers `taught` counts whatever the profile says.
    """

    def __init__(
        self, recognizers: Sequence[Recognizer], profile: Profile, entities: Iterable[str], taught: Taught = UNTAUGHT
    ) -> None:
        self._recognizers = [each for each in recognizers if not all(map(profile.is_off, each.entities))]
        self._profile, self._entities = profile, frozenset(entities)
        self.taught = taught
        self._placeholder = pattern(self._entities | taught.entities)

    def with_rules(self, taught: Taught) -> Patterns:
        """The same with what reviewers taught of a project."""
        return Patterns(self._recognizers, self._profile, self._entities, taught)

    def placeholders(self, text: str) -> Cover:
        """Where placeholders stand in the text already."""
        return Cover(match.span() for match in self._placeholder.finditer(text)) if "<" in text else Cover()

    def find(self, text: str, cover: Cover, beside: Sequence[Span] | None = None) -> list[Span]:
        """What is to be redacted. `cover` holds what is taken and takes what is found.

        With `beside`, only what is near these spans is looked at: the rest has been, and they were taken since.

        Each round sees what is taken as one character. So redacting a redacted text shows the recognizers what
        their last round saw, and changes nothing. What the first round took changes only what stands near it.
        """
        folded = fold(text)
        spans: list[Span] = []
        places = [(0, len(text))] if beside is None else _around(folded, beside, cover)
        for _ in range(_MAX_ROUNDS):
            views = [_View(folded, cover, start, end) for start, end in places]
            found = [(view.original(f), name) for view in views if view.has_words() for f, name in self._run(view.text)]
            taken = self.resolve(text, found, cover)
            if not taken:
                break
            spans += taken
            places = _around(folded, taken, cover)
        return spans

    def resolve(self, text: str, found: Iterable[tuple[Finding, str]], cover: Cover) -> list[Span]:
        """As the function of that name, without what a reviewer said is no personal data."""
        allows = self.taught.allows
        kept = (one for one in found if not allows(one[0].entity, text[one[0].start : one[0].end]))
        return resolve(text, kept, cover)

    def find_taught(self, text: str) -> list[Span]:
        """What reviewers taught alone: all that is looked for in a number that isn't a card's."""
        return self.resolve(text, self.taught.find(fold(text)), self.placeholders(text))

    def _run(self, text: str) -> Iterable[tuple[Finding, str]]:
        yield from self.taught.find(text)
        for recognizer in self._recognizers:
            for finding in recognizer.find(text):
                if self._profile.takes(finding.entity, finding.score):
                    yield finding, recognizer.name


def _around(text: str, spans: Iterable[Span], cover: Cover) -> list[tuple[int, int]]:
    """The places of the text that are near some span, each ending between words and outside of what is taken."""
    places: list[tuple[int, int]] = []
    for span in sorted(spans):
        start, end = _widened(text, span.start, span.end)
        start, end = cover.outside(start, end)
        if places and start <= places[-1][1]:
            start, end = places[-1][0], max(end, places.pop()[1])
        places.append((start, end))
    return places


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """The range and what is near it, to the next space on either side, if there is one."""
    start, end = max(0, start - _NEAR), min(len(text), end + _NEAR)
    before = [at for space in _SPACES if (at := text.rfind(space, max(0, start - _NEAR), start)) >= 0]
    after = [at for space in _SPACES if (at := text.find(space, end, end + _NEAR)) >= 0]
    return max(before, default=max(0, start - _NEAR)), min(after, default=min(len(text), end + _NEAR))


class _View:
    """A part of a text in which each taken range is one character."""

    def __init__(self, text: str, cover: Cover, begin: int, stop: int) -> None:
        pieces, self._starts, self._origins = [], [0], [begin]
        position, length = begin, 0
        for start, end in cover.within(begin, stop):
            pieces += [text[position:start], _TAKEN]
            length += start - position + 1
            self._starts += [length - 1, length]
            self._origins += [start, end]
            position = end
        self.text = "".join([*pieces, text[position:stop]])

    def has_words(self) -> bool:
        """Whether there is anything left that a finding could consist of."""
        return _WORD.search(self.text) is not None

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
