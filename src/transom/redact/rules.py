"""The two passes of a walk: collect what must be looked at, then replace what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.jsontext import Mark, Redacted
from transom.redact.keys import entity_of
from transom.redact.names.scripts import unread_scripts
from transom.redact.operators import Operators
from transom.redact.placeholders import Placeholders
from transom.types import EntityHash

_DIGITS_OF_A_CARD = 12
_BY_KEY = "key"
"""The recognizer's name where a JSON key told what its value is."""


class Collecting:
    """Gathers the texts and changes nothing."""

    def __init__(self, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self.texts: dict[str, None] = {}

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text to look at, unless its key tells all."""
        if entity_of(key, text) is None:
            self.texts[text] = None
        return Redacted(text, [])

    def ident(self, text: str) -> str:
        """Ids aren't for the language model."""
        return text

    def number(self, text: str, key: str | None) -> Redacted:
        """Nor are numbers."""
        return Redacted(text, [])


class Replacing:
    """Puts placeholders for what is found, and notes what was met on the way.

    `found` holds what was found in texts that were looked at together. Results depend on the arguments alone.
    """

    def __init__(
        self,
        finder: Finder,
        placeholders: Placeholders,
        found: Mapping[str, Sequence[Span]],
        *,
        index: bool,
        operators: Operators | None = None,
    ) -> None:
        self.placeholders = placeholders
        self._finder, self._found, self._index, self._operators = finder, found, index, operators
        self.entities: set[EntityHash] = set()
        """Hashes of what was replaced, if `index`."""
        self.unread: set[str] = set()
        """Languages in whose texts the language model finds no names."""

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text, or the value of a telling key."""
        entity = entity_of(key, text)
        if entity and not self._finder.patterns.placeholders(text).ranges:
            return self._replace(text, [Span(0, len(text), entity, _BY_KEY)])
        if self._finder.models:
            self.unread |= unread_scripts(text)
        spans = self._found.get(text)
        return self._replace(text, self._finder.find(text) if spans is None else spans)

    def ident(self, text: str) -> str:
        """An id: what looks like personal data becomes its placeholder, the rest stays."""
        return self._replace(text, self._finder.find_patterns(text)).text

    def number(self, text: str, key: str | None) -> Redacted:
        """A number under a telling key, or one that is a card's."""
        entity = entity_of(key, text)
        if entity:
            return self._replace(text, [Span(0, len(text), entity, _BY_KEY)])
        if len(text) < _DIGITS_OF_A_CARD or not text.isdigit():
            return self._replace(text, self._finder.patterns.find_taught(text))
        return self._replace(text, self._finder.find_patterns(text))

    def _replace(self, text: str, spans: Sequence[Span]) -> Redacted:
        if not spans:
            return Redacted(text, [])
        if self._operators:
            made = replace(text, spans, self._operate)
            if self._operators.settled(made.text, self._finder.find(made.text)):
                return made
        return replace(text, spans, self._make)

    def _operate(self, entity: str, value: str) -> str:
        made = self._operators(entity, value) if self._operators else None
        placeholder = self._make(entity, value)
        return placeholder if made is None else made

    def _make(self, entity: str, value: str) -> str:
        if self._index:
            self.entities.add(EntityHash(entity, self.placeholders.hash(entity, value)))
        return self.placeholders.make(entity, value)


def replace(text: str, spans: Sequence[Span], make: Callable[[str, str], str]) -> Redacted:
    """The text with what `make` says of entity and value for each span. Spans are in order and don't overlap."""
    pieces, marks, position, length = [], [], 0, 0
    for span in spans:
        placeholder = make(span.entity, text[span.start : span.end])
        pieces += [text[position : span.start], placeholder]
        start = length + span.start - position
        length = start + len(placeholder)
        marks.append(Mark(start, length, span.entity, span.recognizer))
        position = span.end
    return Redacted("".join([*pieces, text[position:]]), marks)
