"""A spaCy model, and of it only what finds names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import spacy

from transom.redact.finding import Finding
from transom.redact.language_model import entity_of
from transom.redact.problems import ModelMismatch
from transom.redact.prose import Found, find_in_prose

BATCH_CHARS = 8000
SCORE = 0.85
"""spaCy gives none; this is the one that Presidio gives instead."""

_UNUSED = ["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]


class SpacyModel:
    """Implements `transom.redact.model.Model`. Raises ModelMismatch where spaCy can't load the folder."""

    words_only = False

    def __init__(self, folder: Path, entities: tuple[str, ...]) -> None:
        self.entities = entities
        try:
            self._nlp = spacy.load(folder, exclude=_UNUSED)
        except (OSError, ValueError, ImportError) as error:
            raise ModelMismatch(f"spaCy {spacy.__version__} can't load {folder} ({type(error).__name__})") from None

    def find_all(self, texts: Sequence[str]) -> list[Found]:
        """What the model takes for names; strings that it met are forgotten afterwards."""
        with self._nlp.memory_zone():
            return find_in_prose(texts, self._read, "spacy")

    def _read(self, pieces: list[str]) -> Iterator[list[Finding]]:
        for batch in _batches(pieces):
            for doc in self._nlp.pipe(batch, batch_size=len(batch)):
                labelled = [(ent, entity_of(ent.label_)) for ent in doc.ents]
                yield [Finding(ent.start_char, ent.end_char, entity, SCORE) for ent, entity in labelled if entity]


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """Texts by about so many characters: many short ones together are faster, many long ones take memory."""
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if sum(map(len, batch)) >= BATCH_CHARS:
            yield batch
            batch = []
    if batch:
        yield batch
