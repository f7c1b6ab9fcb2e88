"""The set of secrets, and that the recognizers find them."""

from __future__ import annotations

from collections import Counter

from evals.redaction.sets.secrets import NAMED, TOKENS, harmless, secrets
from transom.config import Redaction, Settings
from transom.redact.redactor import Redactor
from transom.secret import Secret

FAST = Redactor(Settings(redaction=Redaction(profile="fast")), Secret(b"k" * 32))


def test_the_set_is_the_same_each_time_and_another_for_another_seed():
    assert list(secrets(1)) == list(secrets(1))
    assert list(secrets(1)) != list(secrets(2))


def test_each_form_is_planted_where_the_span_says():
    planted = list(secrets())
    assert Counter(one.form for one in planted).keys() >= TOKENS.keys() | NAMED.keys()
    assert all(0 <= one.start < one.end <= len(one.text) for one in planted)
    assert all("{}" not in one.text for one in planted)


def test_at_least_98_percent_of_the_secrets_are_found_whole():
    planted = list(secrets(seed=11))
    found = FAST.find([one.text for one in planted])
    missed = [
        (one.form, one.manner)
        for one, spans in zip(planted, found, strict=True)
        if any(
            one.text[place].isalnum() and not any(span.start <= place < span.end for span in spans)
            for place in range(one.start, one.end)
        )
    ]
    assert len(missed) <= 0.02 * len(planted), Counter(missed)


def test_nothing_is_found_where_no_secret_is():
    texts = list(harmless(seed=11))
    found = FAST.find(texts)
    assert [text for text, spans in zip(texts, found, strict=True) if any(s.entity == "SECRET" for s in spans)] == []
