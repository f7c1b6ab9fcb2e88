"""Presidio's recognizers as ours, and ours as Presidio's."""

from __future__ import annotations

import pytest
from presidio_analyzer import AnalyzerEngine, LocalRecognizer, Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from tests.tiny_model import save_tiny_model
from transom.redact.cover import Cover
from transom.redact.finder import Finder
from transom.redact.finding import Finding
from transom.redact.own import OwnRecognizer
from transom.redact.patterns import resolve
from transom.redact.presidio import Presidio, adapted, registry
from transom.redact.problems import ModelMismatch
from transom.redact.profiles import Profile

FAST = Profile(threshold=0.5)
LOCKER = PatternRecognizer("LOCKER", patterns=[Pattern("p", r"\bL[0-9]{3}\b", 0.3)], context=["locker"], name="locker")


class Shouting(LocalRecognizer):
    """Takes words in capitals; what a plugin's recognizer without patterns may do."""

    def __init__(self) -> None:
        super().__init__(supported_entities=["SHOUT"], name="shouting")

    def load(self) -> None:
        pass

    def analyze(self, text, entities, nlp_artifacts):
        words = [(text.find(word), word) for word in text.split() if word.isupper()]
        return [RecognizerResult("SHOUT", at, at + len(word), 0.9) for at, word in words]


def test_a_pattern_recognizer_runs_as_ours_do():
    ours = adapted(LOCKER)
    assert (ours.name, ours.entities) == ("locker", ("LOCKER",))
    assert list(ours.find("size L123")) == [Finding(5, 9, "LOCKER", 0.3)]


def test_context_words_raise_a_score_without_a_language_model():
    assert next(iter(adapted(LOCKER).find("his locker is L123"))).score == pytest.approx(0.65)


def test_a_long_text_is_read_whole():
    text = "Nothing happens here. " * 400 + "locker L123." + " Nothing happens here." * 400
    assert {text[f.start : f.end] for f in adapted(LOCKER).find(text)} == {"L123"}


def test_a_pattern_that_takes_long_is_not_skipped():
    from presidio_analyzer import pattern_recognizer

    assert pattern_recognizer.REGEX_TIMEOUT_SECONDS > 3600


def test_a_recognizer_without_patterns_reads_each_text():
    found = Presidio([Shouting()], FAST).find_all(["You are NOT", "so", "LOUD"])
    assert [[(f.start, f.end, name) for f, name in each] for each in found] == [
        [(8, 11, "shouting")],
        [],
        [(0, 4, "shouting")],
    ]


def test_what_the_profile_does_not_take_is_left_out(tmp_path):
    model = f"spacy:{save_tiny_model(tmp_path / 'tiny')}"
    presidio = Presidio([Shouting()], Profile(model=model, threshold=0.5, entities={"LOCATION": "off", "SHOUT": 0.95}))
    assert set(presidio.entities) == {"CUSTOMER", "LOCATION", "ORGANIZATION", "PERSON", "SHOUT"}
    assert [f.entity for f, _ in presidio.find_all(["Mary is in Paris, NOT in London"])[0]] == ["PERSON"]


def test_a_model_that_is_not_there_is_refused_at_once():
    with pytest.raises(ModelMismatch, match="downloads none"):
        Presidio([], Profile(model="spacy:en_core_web_nope", threshold=0.5))


TEXTS = [
    "Mail Mary at mary@example.com or call +44 7700 900123, John Smith is in Paris.",
    "Her PESEL is 44051401359, her NHS number 943 476 5919, the order 9434765919.",
    "card 4000 0000 0000 0002 and IBAN GB33BUKB20201555555555 from 10.1.2.3",
    '{"password": "hunter2!!", "badge": "E-123", "t": 1731412345}',
    "আমার ফোন ০১৭১২৩৪৫৬৭৮, badge E-4567",
    "Nothing in here at all.",
]


def test_presidios_own_engine_finds_with_our_registry_what_we_find(tmp_path):
    badge = OwnRecognizer.model_validate(
        {
            "name": "badge",
            "supported_entity": "STAFF_ID",
            "patterns": [{"name": "badge", "regex": r"\bE-[0-9]{3,6}\b", "score": 0.3}],
            "context": ["badge"],
        }
    )
    model = f"spacy:{save_tiny_model(tmp_path / 'tiny')}"
    profile = Profile(model=model, national_ids=True, threshold=0.5, recognizers=(badge,))
    none = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    engine = AnalyzerEngine(registry=registry(profile), nlp_engine=none)
    finder = Finder(profile)
    for text in TEXTS:
        results = engine.analyze(text, "en")
        taken = [(Finding(r.start, r.end, r.entity_type, r.score), "") for r in results]
        spans = resolve(text, [each for each in taken if profile.takes(each[0].entity, each[0].score)], Cover())
        ours = finder.find(text)
        assert {span[:3] for span in spans} == {span[:3] for span in ours}
    assert {span.entity for text in TEXTS for span in finder.find(text)} > {"STAFF_ID", "PERSON", "UK_NHS", "PL_PESEL"}


def test_the_engine_is_told_who_found_what():
    engine = AnalyzerEngine(
        registry=registry(FAST), nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    )
    [result] = engine.analyze("mail a@example.com", "en", entities=["EMAIL_ADDRESS"], return_decision_process=True)
    assert result.analysis_explanation.recognizer == "email"
    assert result.recognition_metadata["recognizer_name"] == "email"
