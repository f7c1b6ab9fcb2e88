"""Running pattern recognizers: overlaps, thresholds, rounds."""

from __future__ import annotations

import re

from transom.redact.cover import Cover
from transom.redact.finding import Finding, Recognizer, Span
from transom.redact.patterns import Patterns, resolve
from transom.redact.profiles import Profile

PROFILE = Profile(threshold=0.5, entities={"OFF": "off"})


def words(entity: str, pattern: str, score: float = 1.0) -> Recognizer:
    compiled = re.compile(pattern)
    return Recognizer(entity, (entity,), lambda t: [Finding(*m.span(), entity, score) for m in compiled.finditer(t)])


def find(text: str, *recognizers: Recognizer) -> list[tuple[str, str]]:
    patterns = Patterns(recognizers, PROFILE, {"ONE", "TWO"})
    return [(text[s.start : s.end], s.entity) for s in sorted(patterns.find(text, patterns.placeholders(text)))]


def test_the_longer_finding_wins_and_nothing_of_the_other_is_left():
    assert find("x abcd y", words("A", "abc"), words("B", "bcd?"), words("C", "cd y")) == [("ab", "A"), ("cd y", "C")]


def test_of_equal_ranges_the_surer_wins():
    assert find("abc", words("A", "abc", 0.6), words("B", "abc", 0.7)) == [("abc", "B")]


def test_unsure_and_unwanted_findings_are_dropped():
    assert find("abc def", words("A", "abc", 0.4), words("OFF", "def")) == []


def test_placeholders_stay_and_no_finding_reaches_into_them():
    assert find("a <ONE:k7qx> b <TWO> c", words("A", r"[\s\S]+")) == [("a", "A"), ("b", "A"), ("c", "A")]


def test_what_a_finding_hid_is_found_in_the_next_round():
    hidden = words("B", "(?<!a)b")
    assert find("ab", words("A", "a"), hidden) == [("a", "A"), ("b", "B")]
    assert find("<ONE:aaaa>b", words("A", "a"), hidden) == [("b", "B")]


def test_offsets_hold_when_digits_are_folded():
    assert find("০১ x ২৩", words("A", r"\d\d")) == [("০১", "A"), ("২৩", "A")]


def test_pieces_without_a_letter_or_digit_are_no_findings():
    assert resolve("a -- b", [(Finding(1, 5, "A", 1.0), "r")], Cover()) == []


def test_later_rounds_look_near_what_was_found_only():
    seen: list[str] = []

    def find_all(text: str) -> list[Finding]:
        seen.append(text)
        return [Finding(*m.span(), "A", 1.0) for m in re.finditer("ab+", text)]

    text = "xy " * 2000 + "abb b " + "xy " * 2000
    assert find(text, Recognizer("A", ("A",), find_all)) == [("abb", "A")]
    assert len(seen) == 2
    assert len(seen[1]) < 2000
    assert seen[1].strip().replace("\ufffc", "abb") in text


def test_places_near_each_other_are_looked_at_once():
    seen: list[str] = []

    def find_all(text: str) -> list[Finding]:
        seen.append(text)
        return [Finding(*m.span(), "A", 1.0) for m in re.finditer("ab", text)]

    find("ab c " * 300, Recognizer("A", ("A",), find_all))
    assert [text.count("\ufffc") for text in seen] == [0, 300]


def test_beside_spans_that_others_took_what_is_near_is_looked_at_again():
    patterns = Patterns([words("B", "(?<=\ufffc)b")], PROFILE, {"ONE"})
    text = "ab " + "xy " * 1000 + "ab"
    cover = Cover([(0, 1), (3003, 3004)])
    assert patterns.find(text, cover, [Span(0, 1, "ONE", "model")]) == [Span(1, 2, "B", "B")]


def test_a_recognizer_of_what_the_profile_never_takes_is_not_run():
    def find_all(text: str) -> list[Finding]:
        raise AssertionError("must not run")

    assert find("abc", words("A", "b"), Recognizer("off", ("OFF",), find_all)) == [("b", "A")]


def test_what_is_taken_whole_is_not_looked_at_again():
    seen: list[str] = []

    def find_all(text: str) -> list[Finding]:
        seen.append(text)
        return [Finding(*m.span(), "A", 1.0) for m in re.finditer(r"\w+", text)]

    assert find("ab, cd", Recognizer("A", ("A",), find_all)) == [("ab", "A"), ("cd", "A")]
    assert seen == ["ab, cd"]
