"""Spans of texts, from patterns and models together."""

from __future__ import annotations

from collections.abc import Sequence

from transom.redact.finder import Finder
from transom.redact.finding import Finding
from transom.redact.profiles import Profile
from transom.redact.taught import Taught
from transom.types import TaughtRule

FAST = Profile(threshold=0.5)


class Janes:
    """Finds one name, and counts how often it is asked."""

    entities = ("PERSON",)
    words_only = True

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def find_all(self, texts: Sequence[str]) -> list[list[tuple[Finding, str]]]:
        self.asked.append(list(texts))
        return [
            [(Finding(at, at + 4, "PERSON", 0.9), "janes")] if (at := text.find("Jane")) >= 0 else [] for text in texts
        ]


def finder_with(model: Janes) -> Finder:
    finder = Finder(FAST)
    finder.models.append(model)
    return finder


def test_spans_come_in_order():
    spans = Finder(FAST).find("1.2.3.5 and a@b.co and 123-45-6789")
    assert [span.entity for span in spans] == ["IP_ADDRESS", "EMAIL_ADDRESS", "US_SSN"]


def test_models_are_asked_once_for_all_texts():
    model = Janes()
    found = finder_with(model).find_all(["Jane, a@b.co", "", "Jane"])
    assert model.asked == [["Jane, a@b.co", "Jane"]]
    assert [[(span.entity, span.recognizer) for span in spans] for spans in found] == [
        [("PERSON", "janes"), ("EMAIL_ADDRESS", "email")],
        [],
        [("PERSON", "janes")],
    ]


def test_what_a_pattern_found_is_not_the_models():
    (span,) = finder_with(Janes()).find("Jane@example.com")
    assert span.entity == "EMAIL_ADDRESS"


def test_ids_are_for_the_patterns_alone():
    model = Janes()
    finder = finder_with(model)
    assert finder.find_patterns("Jane") == ()
    assert [span.entity for span in finder.find_patterns("a@b.co")] == ["EMAIL_ADDRESS"]
    assert model.asked == []


def test_placeholders_are_left_alone():
    assert finder_with(Janes()).find("<PERSON:k7qx> and <EMAIL_ADDRESS>") == ()


def test_what_is_taken_or_has_no_words_is_not_shown_to_a_model_of_words():
    texts = ["a@b.co", "<PERSON:k7qx>", "2024-05-06T07:08:09", "x1 = 12.5", "Zo\u00eb", "\u09b0\u09b9\u09bf\u09ae"]
    model = Janes()
    finder_with(model).find_all(texts)
    model.words_only = False
    finder_with(model).find_all(texts)
    assert model.asked == [texts[4:], texts]


def test_rules_of_reviewers_are_looked_for_and_looked_up_apart():
    finder = Finder(FAST)
    rules = [TaughtRule(id="1", project_id="p", kind="pattern", entity="BADGE", text="EMP-[0-9]{6}")]
    rules.append(TaughtRule(id="2", project_id="p", kind="wrong", entity="IP_ADDRESS", text="1.2.3.5"))
    taught = finder.with_rules(Taught(rules))
    text = "EMP-123456 at 1.2.3.5"
    assert [span.entity for span in finder.find(text)] == ["IP_ADDRESS"]
    assert [(span.entity, span.recognizer) for span in taught.find(text)] == [("BADGE", "taught")]
    assert [span.entity for span in finder.find(text)] == ["IP_ADDRESS"]
