"""Words before a finding."""

from __future__ import annotations

import pytest

from transom.redact.context import CHARS, Context

CONTEXT = Context(["tax file number", "tfn", "Numéro NAS"])


@pytest.mark.parametrize(
    ("before", "near"),
    [
        ("my TFN is ", True),
        ("the number of the tax file: ", True),
        ("tax_file_number=", True),
        ("numéro de NAS : ", True),
        ("tax number ", False),
        ("softfnord ", False),
        ("tfn" + " " * CHARS, False),
        ("", False),
    ],
)
def test_a_phrase_speaks_for_what_comes_soon_after_all_its_words(before, near):
    assert CONTEXT.before(before + "123", len(before)) is near


def test_words_after_a_finding_do_not_count():
    assert not CONTEXT.before("123 is my tfn", 0)


def test_context_raises_a_score_as_presidio_does():
    assert CONTEXT.raised(0.01, "tfn 1", 4) == 0.4
    assert CONTEXT.raised(0.3, "tfn 1", 4) == pytest.approx(0.65)
    assert CONTEXT.raised(0.9, "tfn 1", 4) == 1.0
    assert CONTEXT.raised(0.3, "no. 1", 4) == 0.3


def test_no_phrase_speaks_for_nothing():
    assert Context(["", "#"]).raised(0.3, "# 1", 2) == 0.3
    assert not Context([])
