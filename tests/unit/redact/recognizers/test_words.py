"""The words of a text and where they stand."""

from __future__ import annotations

import re
import unicodedata

from transom.redact.recognizers.words import alternatives, index, spot, vocabulary, word_list


def test_words_are_found_in_lower_case_with_all_their_places():
    assert index("The cat, the hat") == {"the": [0, 9], "cat": [4], "hat": [13]}


def test_vowel_signs_and_joiners_belong_to_words():
    assert list(index("আমার নাম করিম")) == ["আমার", "নাম", "করিম"]
    assert list(index("मेरा नाम")) == ["मेरा", "नाम"]


def test_digits_and_underscores_end_words():
    assert list(index("full_name2x")) == ["full", "name", "x"]


def test_vocabulary_is_spotted_in_order():
    assert spot("b a c b", vocabulary("a b")) == [(0, "b"), (2, "a"), (6, "b")]


def test_bengali_and_hindi_are_spotted_in_both_encodings():
    composed = "ব\u09dfস ल\u095c"
    for text in (composed, unicodedata.normalize("NFC", composed)):
        assert vocabulary(composed) >= set(text.split())
        assert len(spot(text, vocabulary(composed))) == 2


def test_the_longest_alternative_comes_first():
    assert re.match(alternatives(["a", "a.b"]), "a.b")[0] == "a.b"  # type: ignore[index]


def test_lists_hold_what_is_in_use():
    assert {"january", "mayo", "জানুয়ারী"} <= word_list("months.txt")
    assert {"monday", "lundi", "সোমবার"} <= word_list("weekdays.txt")
    assert {"dhaka", "new york", "ঢাকা", "दिल्ली", "wien"} <= word_list("places.txt")
    assert not {"nice", "reading", "mobile", "turkey", "of"} & word_list("places.txt")
