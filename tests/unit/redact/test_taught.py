"""What reviewers taught is found, and nothing else; a missed value is known by its hash alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.redact.patterns import Patterns
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile
from transom.redact.rules import replace
from transom.redact.taught import MOST_WORDS, UNTAUGHT, NoValue, Taught, digest_of_value
from transom.redact.text import fold
from transom.types import TaughtRule

KEY = b"k" * 32
PLACEHOLDERS = Placeholders(KEY)


def missed(value: str, entity: str = "PERSON", id: str = "1", key: bytes = KEY) -> TaughtRule:
    digest, words = digest_of_value(key, value)
    return TaughtRule(id=id, project_id="p", kind="missed", entity=entity, words=words, digest=digest)


def rule(kind: str, text: str, entity: str = "PERSON", id: str = "1") -> TaughtRule:
    return TaughtRule(id=id, project_id="p", kind=kind, entity=entity, text=text)  # type: ignore[arg-type]


def found(taught: Taught, text: str) -> list[str]:
    return [text[f.start : f.end] for f, _ in taught.find(fold(text))]


def redact(taught: Taught, text: str) -> str:
    patterns = Patterns([], Profile(threshold=0.5, entities={"PERSON": "off"}), [], taught)
    return replace(text, sorted(patterns.find(text, patterns.placeholders(text))), PLACEHOLDERS.make).text


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe",
        "hello JANE DOE!",
        "jane_doe",
        "jane.doe@x.org",
        "Jane\nDoe's",
        "Ｊａｎｅ　Ｄｏｅ",
        "Doe Jane, Jane Doe",
    ],
)
def test_a_missed_value_is_found_however_it_is_written(text: str):
    assert len(found(Taught([missed("jane  doe")], KEY), text)) == 1


@pytest.mark.parametrize(
    "text",
    ["Jane", "Doe", "Jane D", "Jane A. Doe", "JaneDoe", "Janet Doe", '["Jane", "Doe"]', "Jane <PERSON:aaaa> Doe", ""],
)
def test_what_is_not_the_whole_value_is_not_found(text: str):
    assert found(Taught([missed("jane doe")], KEY), text.replace("<PERSON:aaaa>", "\ufffc")) == []


@pytest.mark.parametrize("value", ["রহিমা খাতুন", "山田太郎", "jane@x.org", "+880 1711 000000", "Zoë", "A1"])
def test_values_of_any_script_and_kind(value: str):
    assert found(Taught([missed(value)], KEY), f"this is {value} here")


def test_native_digits_are_the_same_number():
    assert found(Taught([missed("1711000000", "PHONE_NUMBER")], KEY), "ফোন ১৭১১০০০০০০।") == ["১৭১১০০০০০০"]


def test_the_rule_shows_nothing_of_the_value_and_needs_the_key():
    secret = missed("Jane Doe")
    assert "jane" not in repr(secret).lower() and len(secret.digest or b"") == 16
    assert secret.digest == missed("JANE  doe").digest != missed("Jane Doe", key=b"x" * 32).digest
    assert found(Taught([secret], b"x" * 32), "Jane Doe") == []


@pytest.mark.parametrize("value", ["", "!", "x", "w " * (MOST_WORDS + 1)])
def test_what_cannot_be_a_value_is_refused_without_being_shown(value: str):
    with pytest.raises(NoValue) as caught:
        digest_of_value(KEY, value)
    assert "w w" not in str(caught.value)


def test_it_counts_whatever_the_profile_says_of_its_kind():
    tag = PLACEHOLDERS.make("PERSON", "Jane Doe")
    assert redact(Taught([missed("Jane Doe")], KEY), "I am Jane Doe.") == f"I am {tag}."


def test_a_pattern_is_found():
    taught = Taught([rule("pattern", "EMP-[0-9]{6}", "BADGE")], KEY)
    assert found(taught, "badges EMP-123456 and emp-123456") == ["EMP-123456"]
    assert taught.entities == {"BADGE"}


def test_what_is_no_personal_data_is_left_alone():
    taught = Taught([missed("Jira"), rule("wrong", "JIRA ", id="2")], KEY)
    assert taught.allows("PERSON", "jira") and not taught.allows("LOCATION", "jira")
    assert redact(taught, "see Jira") == "see Jira"


def test_each_set_of_rules_has_a_version_of_its_own():
    one, two = missed("ab", id="1"), missed("ab", id="2")
    versions = {Taught(rules, KEY).version for rules in ([], [one], [two], [one, two])}
    assert len(versions) == 4
    assert Taught([one, two], KEY).version == Taught([two, one], KEY).version


def test_without_rules_nothing_is_looked_at():
    assert list(UNTAUGHT.find("Jane Doe")) == []
    assert not UNTAUGHT.allows("PERSON", "Jane Doe")


@given(st.lists(st.sampled_from(["jane", "doe", "Jane", " ", ", ", "-", '"', "<PERSON:aaaa>", "x", "\n"])).map("".join))
def test_redacting_twice_changes_nothing_more(text: str):
    taught = Taught([missed("Jane Doe"), missed("doe x jane", id="2"), rule("pattern", "j[a-z]{2,4}e x", id="3")], KEY)
    once = redact(taught, text)
    assert redact(taught, once) == once


@pytest.mark.parametrize(
    "text", ["jane " * 13_000, "a" * 65_536, "j a n e " * 8_000, "山" * 65_536, "\u0301" * 65_536, "jane doe " * 7_000]
)
def test_64_kb_of_anything_are_quick(text: str):
    taught = Taught([missed(f"jane {'doe ' * n}x", id=str(n)) for n in range(19)], KEY)
    began = time.process_time()
    list(taught.find(text))
    assert time.process_time() - began < 4
