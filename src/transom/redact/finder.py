"""Finds what is to be redacted in texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from functools import lru_cache

from transom.redact.cover import Cover
from transom.redact.finding import Finding, Span
from transom.redact.model import Model
from transom.redact.names.vetted import SHIPPED
from transom.redact.patterns import Patterns
from transom.redact.profiles import Profile
from transom.redact.registry import Registry, register_all
from transom.redact.taught import Taught

_LETTERS = re.compile(r"[^\W\d_]{2}")
_SHORT_CHARS = 64
_SHORT_TEXTS = 8192
"""JSON is full of short texts that come again: keys, states, dates. Longer ones come again as whole messages, which
the pool keeps."""


class Finder:
    """The recognizers of a profile. Texts must have passed `transom.redact.text.visible`."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        registry = Registry()
        register_all(registry, national_ids=profile.national_ids, own=profile.recognizers)
        self.models = list(models_of(profile, registry))
        entities = registry.entities.union(*(model.entities for model in self.models))
        self.patterns = Patterns(registry.patterns, profile, entities)
        self._short = lru_cache(_SHORT_TEXTS)(self._search)

    def with_rules(self, taught: Taught) -> Finder:
        """The same, models included, with what reviewers taught of a project."""
        finder = copy(self)
        finder.patterns = self.patterns.with_rules(taught)
        finder._short = lru_cache(_SHORT_TEXTS)(finder._search)
        return finder

    def find(self, text: str) -> tuple[Span, ...]:
        """The spans to redact, in order and without overlaps."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """`find` for many texts at once, which costs the language model less than one by one.

        Patterns come first: a value of JSON that they take, or that is a number, needn't be shown to the model.
        """
        covers = [self.patterns.placeholders(text) for text in texts]
        spans = [self.patterns.find(text, cover) for text, cover in zip(texts, covers, strict=True)]
        found: list[list[tuple[Finding, str]]] = [[] for _ in texts]
        for model in self.models:
            wanted = [i for i, text in enumerate(texts) if not model.words_only or _has_words(text, covers[i])]
            for i, more in zip(wanted, model.find_all([texts[i] for i in wanted]), strict=True):
                found[i] += more
        for text, cover, taken, more in zip(texts, covers, spans, found, strict=True):
            named = self.patterns.resolve(text, more, cover)
            if named:
                # What the model took may show the patterns something else, as it will when this is redacted again.
                taken += named + self.patterns.find(text, cover, named)
        return [tuple(sorted(each)) for each in spans]

    def find_patterns(self, text: str) -> tuple[Span, ...]:
        """What the pattern recognizers alone find, as for an id."""
        return self._short(text) if len(text) <= _SHORT_CHARS else self._search(text)

    def _search(self, text: str) -> tuple[Span, ...]:
        return tuple(sorted(self.patterns.find(text, self.patterns.placeholders(text))))


def _has_words(text: str, cover: Cover) -> bool:
    """Whether there are two letters in a row in what is not taken yet."""
    return any(_LETTERS.search(text, start, end) for start, end in cover.gaps(0, len(text)))


def models_of(profile: Profile, registry: Registry) -> Iterator[Model]:
    """What of the profile needs more than patterns; each is imported where it is needed only."""
    if profile.model in SHIPPED:
        from transom.redact.names.names import Names

        yield Names(profile)
    if registry.presidio or profile.model not in (*SHIPPED, "none"):
        from transom.redact.presidio import Presidio

        yield Presidio(registry.presidio, profile)
