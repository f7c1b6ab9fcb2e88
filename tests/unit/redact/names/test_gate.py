"""Which sentences the small model sees."""

from __future__ import annotations

import pytest

from transom.redact.names.gate import common_words, lower_names, readable, wanted


@pytest.mark.parametrize(
    "sentence",
    [
        "I met Roxanne there.",
        "call me on 0171 or so",
        "write to me @ home",
        "she is called zoë",
        "my friend jonathan is ill",
        "ROXANNE IS HERE",
    ],
)
def test_a_sign_of_personal_data_lets_a_sentence_pass(sentence: str):
    assert wanted(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The weather is nice on Monday.",
        "How do I bake bread without yeast?",
        "Please explain the function, and return JSON.",
        "if this is the case, then we stop",
        "42, 17, 1984, 77",
        "我叫王伟",
        "",
    ],
)
def test_plain_sentences_are_left_out(sentence: str):
    assert not wanted(sentence)


def test_only_letters_that_the_model_knows_are_readable():
    assert readable("Ωα x")
    assert readable("ÉÉ")
    assert not readable("আমার নাম ১২৩, 123 !")


def test_the_lists_share_no_word():
    assert not common_words() & lower_names()
    assert len(common_words()) > 5000
    assert len(lower_names()) > 5000
    assert all(word.islower() and word.isascii() for word in common_words() | lower_names())
