"""Presidio's recognizers as ours, and ours as Presidio's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from presidio_analyzer import (
    AnalysisExplanation,
    EntityRecognizer,
    LocalRecognizer,
    RecognizerRegistry,
    RecognizerResult,
    pattern_recognizer,
)

from transom.redact.context import Context
from transom.redact.finder import models_of
from transom.redact.finding import Finding, Recognizer
from transom.redact.language_model import language_model
from transom.redact.model import Model
from transom.redact.profiles import Profile
from transom.redact.prose import Found
from transom.redact.registry import Registry, register_all
from transom.redact.text import fold
from transom.redact.zones import cut

# Presidio skips a pattern that takes longer, and says nothing. The pool's limit ends the whole redaction instead.
pattern_recognizer.REGEX_TIMEOUT_SECONDS = 86_400


def adapted(recognizer: Any) -> Recognizer:
    """A Presidio `PatternRecognizer` that runs as ours do, on pieces of bounded length, with its context words."""
    context = Context(recognizer.context or ())

    def find(text: str) -> Iterator[Finding]:
        for finding in _analyze(recognizer, text):
            yield finding._replace(score=context.raised(finding.score, text, finding.start))

    return Recognizer(recognizer.name, tuple(recognizer.supported_entities), find)


def _analyze(recognizer: Any, text: str) -> Iterator[Finding]:
    for piece in cut(text):
        for result in recognizer.analyze(piece.text, recognizer.supported_entities, None):
            yield Finding(piece.start + result.start, piece.start + result.end, result.entity_type, result.score)


class Presidio:
    """Presidio recognizers that aren't patterns, and the profile's language model if Transom doesn't ship it.

    Implements `transom.redact.model.Model`. Raises ModelMismatch where the model isn't there.
    """

    words_only = False

    def __init__(self, recognizers: Sequence[EntityRecognizer], profile: Profile) -> None:
        self._profile, self._recognizers = profile, recognizers
        self._model = language_model(profile.model)
        own = self._model.entities if self._model else ()
        self.entities = tuple({*own, *(entity for each in recognizers for entity in each.supported_entities)})

    def find_all(self, texts: Sequence[str]) -> list[Found]:
        """Findings of each text that the profile takes; they may overlap."""
        found = self._model.find_all(texts) if self._model else [[] for _ in texts]
        for text, findings in zip(map(fold, texts), found, strict=True):
            findings += [(f, each.name) for each in self._recognizers for f in _analyze(each, text)]
        return [[f for f in findings if self._profile.takes(f[0].entity, f[0].score)] for findings in found]


class _Offered(LocalRecognizer):  # type: ignore[misc]
    """One of ours for Presidio's `AnalyzerEngine`. `find` gets the text as the engine does."""

    def __init__(self, name: str, entities: Sequence[str], find: Callable[[str], Iterable[Finding]]) -> None:
        self._find = find
        super().__init__(supported_entities=list(entities), name=name)

    def load(self) -> None:
        """All is loaded already."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: object = None) -> list[RecognizerResult]:
        """What it finds of the entities asked for."""
        return [self._result(finding) for finding in self._find(text) if finding.entity in entities]

    def _result(self, finding: Finding) -> RecognizerResult:
        return RecognizerResult(
            entity_type=finding.entity,
            start=finding.start,
            end=finding.end,
            score=finding.score,
            analysis_explanation=AnalysisExplanation(recognizer=self.name, original_score=finding.score),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def registry(profile: Profile) -> RecognizerRegistry:
    """All that a profile runs, as recognizers of Presidio's: for an `AnalyzerEngine` with a `NoOpNlpEngine`.

    The engine finds with it what Transom does; findings overlap, and the profile's thresholds are left to its user.
    Raises ConfigError or ModelMismatch where the profile can't be loaded.
    """
    ours = Registry()
    register_all(ours, national_ids=profile.national_ids, own=profile.recognizers)
    models = [_offer_model(model) for model in models_of(profile, ours)]
    return RecognizerRegistry(recognizers=[*map(_offer_pattern, ours.patterns), *models])


def _offer_pattern(recognizer: Recognizer) -> _Offered:
    return _Offered(recognizer.name, recognizer.entities, lambda text: recognizer.find(fold(text)))


def _offer_model(model: Model) -> _Offered:
    return _Offered(
        type(model).__name__, model.entities, lambda text: (finding for finding, _ in model.find_all([text])[0])
    )
