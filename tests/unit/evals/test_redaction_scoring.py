from __future__ import annotations

import pytest

from evals.redaction.samples import Label, Sample
from evals.redaction.scoring import Score, places, ratio

TEXT = "Ann Lee, 12 Elm St, owes 40"
#       0123456789...
NAME, STREET = Label(0, 7, "PERSON"), Label(9, 18, "STREET_ADDRESS")
SAMPLE = Sample(TEXT, (NAME, STREET), language="en", where="prose")


def scored(*removed: tuple[int, int, str], sample: Sample = SAMPLE) -> Score:
    score = Score()
    score.add(sample, removed)
    return score


def test_letters_and_digits_count_and_nothing_else():
    assert places("a-1 ä!", [(0, 6)]) == {0, 2, 4}


def test_recall_is_the_share_of_labelled_letters_that_are_gone():
    # Of the 6 letters of the name and the 7 of the street, the 3 of "Ann" and the 7 of the street are gone.
    score = scored((0, 3, "PERSON"), (9, 18, "LOCATION"))
    assert score.recall == pytest.approx(10 / 13)
    assert score.precision == 1
    assert score.all.labels == 2
    assert score.all.whole == 1


def test_precision_is_the_share_of_the_letters_gone_that_are_labelled():
    # "Lee, 12" holds 3 of the name and 2 of the street; "40" is nobody's.
    score = scored((4, 11, "PERSON"), (25, 27, "AGE"))
    assert score.precision == pytest.approx(5 / 7)
    assert score.report()["wrong_chars_by_entity"] == {"AGE": 2}


def test_f2_weighs_recall_four_times():
    score = scored((0, 7, "PERSON"), (25, 27, "AGE"))
    recall, precision = 6 / 13, 6 / 8
    assert score.f2 == pytest.approx(5 * precision * recall / (4 * precision + recall))


def test_what_is_ignored_is_neither_credited_nor_held_against():
    score = scored((0, 18, "PERSON"), sample=Sample(TEXT, (NAME,), ((9, 18),)))
    assert score.recall == 1
    assert score.precision == 1
    assert score.all.chars == 6


def test_two_spans_over_one_letter_count_once():
    assert scored((0, 5, "PERSON"), (3, 7, "PERSON")).recall == pytest.approx(6 / 13)


def test_nothing_labelled_and_nothing_gone_have_no_shares():
    score = scored(sample=Sample("a text"))
    assert (score.recall, score.precision, score.f2) == (None, None, None)
    assert ratio(0, 0) is None


def test_a_set_in_which_nothing_can_be_wrong_has_no_precision():
    score = scored((0, 18, "PERSON"), sample=Sample(TEXT, (NAME,), ((0, len(TEXT)),)))
    assert (score.recall, score.precision, score.f2) == (1, None, None)


def test_nothing_found_has_no_precision_and_recall_0():
    assert scored().recall == 0
    assert scored().precision is None


def test_scores_are_divided_by_kind_language_and_manner():
    score = Score()
    score.add(SAMPLE, [(0, 7, "PERSON")])
    score.add(Sample("Jan", (Label(0, 3, "PERSON"),), language="nl", where="chat"), [])
    report = score.report()
    assert report["by_kind"]["PERSON"] == {"recall": 0.6667, "whole": 0.5, "labels": 2, "chars": 9, "gone": 6}
    assert report["by_language"]["nl"]["recall"] == 0
    assert set(report["by_where"]) == {"prose", "chat"}


def test_a_set_of_one_language_is_not_divided_by_it():
    assert "by_language" not in scored().report()
