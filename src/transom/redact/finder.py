"""Finds what is to be redacted in texts, once for texts that come again."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain

from transom.redact.finding import Span
from transom.redact.model import Model
from transom.redact.patterns import Patterns, resolve
from transom.redact.profiles import Profile
from transom.redact.registry import Registry, register_all
from transom.secret import mac

CACHED_TEXTS = 20_000
"""A few hundred bytes each. Chat apps send the whole conversation again with every turn."""


class Finder:
    """The recognizers of a profile. Texts must have passed `transom.redact.text.visible`."""

    def __init__(self, profile: Profile) -> None:
        registry = Registry()
        register_all(registry, national_ids=profile.national_ids)
        self._models = list(_models(profile, registry))
        entities = registry.entities.union(*(model.entities for model in self._models))
        self.patterns = Patterns(registry.patterns, profile, entities)
        self._cache: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._cache_key = os.urandom(32)

    def find(self, text: str) -> tuple[Span, ...]:
        """The spans to redact, in order and without overlaps."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """`find` for many texts at once, which costs the language model less than one by one."""
        keys = [mac(self._cache_key, text.encode()) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._cache}
        found = dict(zip(new, self._find_new(list(new.values())), strict=True))
        spans = [found[key] if key in found else self._cache[key] for key in keys]
        for key, value in zip(keys, spans, strict=True):
            self._cache[key] = value
            self._cache.move_to_end(key)
        while len(self._cache) > CACHED_TEXTS:
            self._cache.popitem(last=False)
        return spans

    def _find_new(self, texts: list[str]) -> list[tuple[Span, ...]]:
        found = [model.find_all(texts) for model in self._models]
        results = []
        for index, text in enumerate(texts):
            cover = self.patterns.placeholders(text)
            spans = self.patterns.find(text, cover) + resolve(text, chain(*(each[index] for each in found)), cover)
            results.append(tuple(sorted(spans)))
        return results


def _models(profile: Profile, registry: Registry) -> Iterator[Model]:
    """What of the profile needs more than patterns; each is imported where it is needed only."""
    if profile.model != "none" or registry.presidio:
        from transom.redact.presidio import Presidio

        yield Presidio(registry.presidio, profile)
