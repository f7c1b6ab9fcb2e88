"""Presidio's analyzer over pieces of texts: the language model's names, national ids, and plugins' recognizers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, pattern_recognizer
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from transom.redact.finding import Finding
from transom.redact.language_model import NamesEngine
from transom.redact.profiles import Profile
from transom.redact.text import fold, has_digit
from transom.redact.zones import Piece, pieces

# Presidio skips a pattern that takes longer, and says nothing. The pool's limit ends the whole redaction instead.
pattern_recognizer.REGEX_TIMEOUT_SECONDS = 86_400

MODEL_ENTITIES = ("PERSON", "LOCATION", "NRP", "ORGANIZATION", "DATE_TIME")

_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_UUID_CHARS = 36
_PREDEFINED = "presidio_analyzer.predefined_recognizers."

Found = list[tuple[Finding, str]]


class Presidio:
    """An `AnalyzerEngine` with the given recognizers, and spaCy's names if the profile has a language model."""

    def __init__(self, recognizers: Sequence[EntityRecognizer], profile: Profile) -> None:
        self._profile = profile
        own = MODEL_ENTITIES if profile.model != "none" else ()
        self.entities = tuple({*own, *(entity for each in recognizers for entity in each.supported_entities)})
        self._recognizers = list(recognizers)
        self._names = NamesEngine([e for e in MODEL_ENTITIES if profile.is_off(e)]) if profile.model != "none" else None
        self._always = not all(type(r).__module__.startswith(_PREDEFINED) for r in recognizers)
        if self._names:
            self._recognizers.append(SpacyRecognizer(supported_entities=list(MODEL_ENTITIES)))
        self._engine = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=self._recognizers),
            nlp_engine=self._names or NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}]),
        )

    def find_all(self, texts: Sequence[str]) -> list[Found]:
        """Findings of each text that the profile takes; they may overlap."""
        found: list[Found] = [[] for _ in texts]
        if self._names is None:
            self._find(texts, found)
        else:
            with self._names.forgetting():
                self._find(texts, found)
        return found

    def _find(self, texts: Sequence[str], found: list[Found]) -> None:
        parts = [(index, piece) for index, text in enumerate(texts) for piece in pieces(fold(text))]
        for index, piece, artifacts in self._read([part for part in parts if self._worth_it(part[1])]):
            results = self._engine.analyze(piece.text, "en", nlp_artifacts=artifacts)
            found[index] += [
                (Finding(piece.start + r.start, piece.start + r.end, r.entity_type, r.score), _recognizer(r))
                for r in results
                if self._profile.takes(r.entity_type, r.score) and not _is_part_of_uuid(piece.text, r)
            ]

    def _worth_it(self, piece: Piece) -> bool:
        """National ids have digits; what plugins look for isn't known."""
        return self._always or (piece.prose and self._names is not None) or has_digit(piece.text)

    def _read(self, parts: list[tuple[int, Piece]]) -> Iterator[tuple[int, Piece, Any]]:
        """Each piece with what the language model says of it."""
        if self._names is None:
            yield from ((index, piece, None) for index, piece in parts)
            return
        prose = [part for part in parts if part[1].prose]
        for (index, piece), artifacts in zip(prose, self._names.read([p.text for _, p in prose]), strict=True):
            yield index, piece, artifacts
        for index, piece in parts:
            if not piece.prose:
                yield index, piece, self._names.tokenize(piece.text)


def _is_part_of_uuid(text: str, result: Any) -> bool:
    """Whether a finding is a piece of a UUID: one in ten of those that end in digits alone would be an Aadhaar number.

    A finding that is a whole UUID was meant: some plugin takes them for ids.
    """
    around = _UUID.finditer(text, max(0, result.start - _UUID_CHARS), result.end + _UUID_CHARS)
    span = (result.start, result.end)
    return any(uuid.start() <= span[0] and span[1] <= uuid.end() and span != uuid.span() for uuid in around)


def _recognizer(result: Any) -> str:
    return str(result.recognition_metadata["recognizer_name"])
