"""The model over texts: sentences, gate, windows, network, filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from transom.redact.finding import Finding
from transom.redact.names.filters import Run, is_name, personal
from transom.redact.names.gate import readable, wanted
from transom.redact.names.labels import ENTITIES, ENTITY
from transom.redact.names.network import Network, Word
from transom.redact.names.windows import Range, pack, sentences
from transom.redact.placeholders import pattern
from transom.redact.profiles import Profile
from transom.redact.text import fold

RECOGNIZER = "names"
_GAP = re.compile(r"[ .'’-]{1,2}")
"""What may stand between the words of a name or the groups of a number."""

_SURE = 0.9
"""What a word must score beside a placeholder, so that redacting a redacted text hardly ever changes it: the model sees
other neighbours then than it first saw, and doubtful words would get past the threshold."""


class Names:
    """Implements `transom.redact.model.Model` with the model that a profile names, `small` or `large`.

    Raises ModelMismatch if the model's files aren't those of this release.
    """

    words_only = True

    def __init__(self, profile: Profile) -> None:
        self.entities = tuple(entity for entity in ENTITIES if not profile.is_off(entity))
        self._profile = profile
        self._network = Network(profile.model)
        self._placeholder = pattern(ENTITIES)
        self._least = min(float(profile.entities.get(entity, profile.threshold)) for entity in self.entities)

    def find_all(self, texts: Sequence[str]) -> list[list[tuple[Finding, str]]]:
        """See `Model`. What the profile doesn't take is left out."""
        return [[(finding, RECOGNIZER) for finding in self._find(fold(text))] for text in texts]

    def _find(self, text: str) -> Iterator[Finding]:
        for run in personal(text, list(_runs(text, self._words(text)))):
            yield Finding(run[0].start, run[-1].end, ENTITY[run[0].label], max(word.score for word in run))

    def _words(self, text: str) -> Iterator[Word]:
        """Words of all windows at their places in the text, those that the profile takes and may be what they seem."""
        for window in self._windows(text):
            part = text[window.start : window.end]
            least = _SURE if "<" in part and self._placeholder.search(part) else self._least
            for word in self._network.words(part, least):
                moved = word._replace(start=window.start + word.start, end=window.start + word.end)
                if self._is_taken(word) and is_name(text, moved):
                    yield moved

    def _windows(self, text: str) -> list[Range]:
        look = wanted if self._profile.gate else readable
        return pack(part for part in sentences(text) if look(text[part.start : part.end]))

    def _is_taken(self, word: Word) -> bool:
        return word.label in ENTITY and self._profile.takes(ENTITY[word.label], word.score)


def _runs(text: str, words: Iterable[Word]) -> Iterator[Run]:
    """Words next to each other that are of one entity."""
    run: list[Word] = []
    for word in words:
        if run and not (ENTITY[run[-1].label] == ENTITY[word.label] and _GAP.fullmatch(text, run[-1].end, word.start)):
            yield run
            run = []
        run.append(word)
    if run:
        yield run
