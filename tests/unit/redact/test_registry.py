"""Recognizers of plugins, built-in and installed."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from presidio_analyzer import Pattern, PatternRecognizer

from transom.redact.finding import Recognizer
from transom.redact.recognizers import PATTERNS
from transom.redact.registry import Registry, register_all


def test_takes_ours_and_presidios_apart():
    registry = Registry()
    ours = Recognizer("mine", ("MINE",), lambda _: [])
    theirs = PatternRecognizer("STAFF_ID", patterns=[Pattern("p", "E-[0-9]+", 0.8)])
    registry.add(ours)
    registry.add(theirs)
    assert (registry.patterns, registry.presidio) == ([ours], [theirs])
    assert registry.entities == {"MINE", "STAFF_ID"}


@pytest.mark.parametrize("other", [None, "x", SimpleNamespace(analyze=1)])
def test_takes_nothing_else(other):
    with pytest.raises(TypeError, match="EntityRecognizer"):
        Registry().add(other)


def test_the_built_in_ones_come_by_the_same_hook():
    registry = Registry()
    register_all(registry, national_ids=True)
    assert registry.patterns == list(PATTERNS)
    assert "UK_NINO" in registry.entities


def test_patterns_alone_load_neither_presidio_nor_spacy():
    code = (
        "import sys; from transom.redact.registry import *; r = Registry(); register_all(r, national_ids=False);"
        "import transom.redact.bare, transom.redact.redactor;"
        "assert r.patterns and not {'spacy', 'presidio_analyzer'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
