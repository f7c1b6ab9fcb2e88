"""The two recognizers that Presidio lacks, and those that are made differently."""

from __future__ import annotations

import pytest

from transom.redact.national_checks import FrNirRecognizer, SgNricRecognizer, recognizer


@pytest.mark.parametrize("value", ["S1234567D", "T1234567J", "F1234567N", "G1234567X", "M1234567K", "s1234567d"])
def test_the_letter_of_an_nric_is_checked(value):
    assert SgNricRecognizer().validate_result(value)
    wrong = value[:-1] + ("A" if value[-1] != "A" else "B")
    assert not SgNricRecognizer().validate_result(wrong)


def test_an_nric_of_an_unknown_series_is_none():
    assert not SgNricRecognizer().validate_result("A1234567D")


@pytest.mark.parametrize("value", ["185057800608491", "1 85 05 78 006 084 91", "2 99 12 2A 123 456 88"])
def test_the_key_of_a_nir_is_checked(value):
    assert FrNirRecognizer().analyze(value, ["FR_NIR"], None)[0].score == 1.0
    assert FrNirRecognizer().analyze(value[:-1] + str((int(value[-1]) + 1) % 10), ["FR_NIR"], None) == []


def test_a_recognizer_is_made_once():
    assert recognizer("PL_PESEL", "PlPeselRecognizer") is recognizer("PL_PESEL", "PlPeselRecognizer")


def test_a_vat_id_must_pass_its_check():
    german = recognizer("DE_VAT_ID", "DeVatIdRecognizer")
    assert german.analyze("DE136695976", ["DE_VAT_ID"], None)
    assert german.analyze("DE136695977", ["DE_VAT_ID"], None) == []
