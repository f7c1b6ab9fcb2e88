"""The two passes of a walk: collect what must be looked at, then replace what was found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.jsontext import Mark, Redacted
from transom.redact.keys import entity_of
from transom.redact.placeholders import Placeholders

_DIGITS_OF_A_CARD = 12
_BY_KEY = "key"
"""The recognizer's name where a JSON key told what its value is."""


class Collecting:
    """Gathers the texts and changes nothing."""

    def __init__(self, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self.texts: list[str] = []

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text to look at, unless its key tells all."""
        if entity_of(key, text) is None:
            self.texts.append(text)
        return Redacted(text, [])

    def ident(self, text: str) -> str:
        """Ids aren't for the language model."""
        return text

    def number(self, text: str, key: str | None) -> Redacted:
        """Nor are numbers."""
        return Redacted(text, [])


class Replacing:
    """Puts placeholders for what is found. Results depend on the arguments alone."""

    def __init__(self, finder: Finder, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self._finder = finder
        self._ident = lru_cache(4096)(self._redact_ident)

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text, or the value of a telling key."""
        entity = entity_of(key, text)
        if entity and not self._finder.patterns.placeholders(text).ranges:
            return self._replace(text, [Span(0, len(text), entity, _BY_KEY)])
        return self._replace(text, self._finder.find(text))

    def ident(self, text: str) -> str:
        """An id: what looks like personal data becomes its placeholder, the rest stays."""
        return self._ident(text)

    def _redact_ident(self, text: str) -> str:
        patterns = self._finder.patterns
        return self._replace(text, sorted(patterns.find(text, patterns.placeholders(text)))).text

    def number(self, text: str, key: str | None) -> Redacted:
        """A number under a telling key, or one that is a card's."""
        entity = entity_of(key, text)
        if entity:
            return self._replace(text, [Span(0, len(text), entity, _BY_KEY)])
        if len(text) < _DIGITS_OF_A_CARD or not text.isdigit():
            return Redacted(text, [])
        patterns = self._finder.patterns
        return self._replace(text, patterns.find(text, patterns.placeholders(text)))

    def _replace(self, text: str, spans: Sequence[Span]) -> Redacted:
        return replace(text, spans, self.placeholders)


def replace(text: str, spans: Sequence[Span], placeholders: Placeholders) -> Redacted:
    """The text with a placeholder for each span. Spans are in order and don't overlap."""
    pieces, marks, position, length = [], [], 0, 0
    for span in spans:
        placeholder = placeholders.make(span.entity, text[span.start : span.end])
        pieces += [text[position : span.start], placeholder]
        start = length + span.start - position
        length = start + len(placeholder)
        marks.append(Mark(start, length, span.entity, span.recognizer))
        position = span.end
    return Redacted("".join([*pieces, text[position:]]), marks)
