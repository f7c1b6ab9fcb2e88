"""Recognizers of plugins, built-in and installed."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from presidio_analyzer import LocalRecognizer, Pattern, PatternRecognizer

from transom.redact.finding import Recognizer
from transom.redact.national import NATIONAL
from transom.redact.own import OwnRecognizer
from transom.redact.recognizers import PATTERNS
from transom.redact.registry import Registry, register_all


class Other(LocalRecognizer):
    """A recognizer of Presidio's that has no patterns."""

    def load(self) -> None:
        pass

    def analyze(self, text, entities, nlp_artifacts):
        return []


def test_takes_patterns_of_ours_and_presidios_together_and_others_apart():
    registry = Registry()
    ours = Recognizer("mine", ("MINE",), lambda _: [])
    theirs = PatternRecognizer("STAFF_ID", patterns=[Pattern("p", "E-[0-9]+", 0.8)], name="staff")
    other = Other(["OTHER"])
    for each in (ours, theirs, other):
        registry.add(each)
    assert [each.name for each in registry.patterns] == ["mine", "staff"]
    assert registry.presidio == [other]
    assert registry.entities == {"MINE", "STAFF_ID", "OTHER"}


@pytest.mark.parametrize("other", [None, "x", SimpleNamespace(analyze=1)])
def test_takes_nothing_else(other):
    with pytest.raises(TypeError, match="EntityRecognizer"):
        Registry().add(other)


def test_the_built_in_ones_come_by_the_same_hook():
    registry = Registry()
    register_all(registry, national_ids=True)
    assert {each.name for each in registry.patterns} == {each.name for each in (*PATTERNS, NATIONAL)}
    assert "UK_NINO" in registry.entities


def test_users_own_are_added_unless_they_are_switched_off():
    staff = OwnRecognizer(name="staff", supported_entity="STAFF", deny_list=["Boss"])
    off = staff.model_copy(update={"name": "off", "enabled": False})
    registry = Registry()
    register_all(registry, national_ids=False, own=[staff, off])
    assert [each.name for each in registry.patterns[len(PATTERNS) :]] == ["staff"]


def test_patterns_alone_load_neither_presidio_nor_spacy():
    code = (
        "import sys; from transom.redact.registry import *; r = Registry(); register_all(r, national_ids=True);"
        "import transom.redact.bare, transom.redact.redactor;"
        "assert r.patterns and not {'spacy', 'presidio_analyzer'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
