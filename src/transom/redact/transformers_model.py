"""A Hugging Face model for token classification, by Presidio's recognizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from presidio_analyzer.predefined_recognizers.ner import HuggingFaceNerRecognizer

from transom.redact.finding import Finding
from transom.redact.language_model import LABELS, entity_of
from transom.redact.problems import ModelMismatch
from transom.redact.prose import Found, find_in_prose


class TransformersModel:
    """Implements `transom.redact.model.Model`. Raises ModelMismatch where the folder can't be loaded."""

    words_only = False

    def __init__(self, folder: Path, entities: tuple[str, ...]) -> None:
        self.entities = entities
        try:
            self._recognizer = HuggingFaceNerRecognizer(
                model_name=str(folder), supported_entities=list(entities), label_mapping=LABELS, threshold=0.0
            )
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            raise ModelMismatch(f"transformers can't load {folder} ({type(error).__name__})") from None
        self._recognizer.ner_pipeline = self._pipeline = _Remembering(self._recognizer.ner_pipeline)

    def find_all(self, texts: Sequence[str]) -> list[Found]:
        """What the model takes for names."""
        return find_in_prose(texts, self._read, "transformers")

    def _read(self, pieces: list[str]) -> Iterator[list[Finding]]:
        for piece in pieces:
            results = self._recognizer.analyze(piece, list(self.entities), None)
            self._pipeline.raise_failure()
            labelled = [(r, entity_of(r.entity_type)) for r in results]
            yield [Finding(r.start, r.end, entity, r.score) for r, entity in labelled if entity]


class _Remembering:
    """A pipeline whose failure isn't forgotten: Presidio logs it and returns what it has, which fails open."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._failure: Exception | None = None

    def __call__(self, text: str) -> Any:
        try:
            return self._pipeline(text)
        except Exception as error:
            self._failure = error
            raise

    def raise_failure(self) -> None:
        """Raise what a call since the last time raised."""
        failure, self._failure = self._failure, None
        if failure:
            raise failure
