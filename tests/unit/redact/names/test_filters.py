"""What the model may not take for personal data."""

from __future__ import annotations

import pytest

from transom.redact.names.filters import is_name, personal
from transom.redact.names.network import Word


def word(text: str, value: str, label: str, score: float = 0.99) -> Word:
    start = text.index(value)
    return Word(start, start + len(value), label, score)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("class userName:", "userName"),
        ("an HTTPServer", "HTTPServer"),
        ("jane(1)", "jane"),
        ("import cassandra", "cassandra"),
        ("x = np.mars", "mars"),
        ("mars.orbit", "mars"),
        ('{"Paris": 1}', "Paris"),
        ("@jane", "jane"),
        ("Mozilla/5.0", "Mozilla"),
        ("claude-3-opus", "claude"),
        ("gemma-2", "gemma"),
        ("the table", "table"),
        ("sha256", "sha256"),
        ("'Utilde;': 1", "Utilde"),
        ("&Uuml;", "Uuml"),
        ("OSError: [Errno 2] No such file", "Errno"),
        ('File "/a.py", line 282, in getuntil', "getuntil"),
        ("GPT-6 Luna", "Luna"),
        ("LARCH CLOSE, CARD 4721", "CARD"),
    ],
)
def test_names_in_code_and_of_products_are_left_alone(text: str, value: str):
    assert not is_name(text, word(text, value, "GIVEN_NAME"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Ronald McDonald", "McDonald"),
        ("Guillermo DelToro and Peter DeVito", "DeVito"),
        ("Hello jonathan.how are you", "jonathan"),
        ("Dear Jane.I am", "Jane"),
        ("JANE ROE", "JANE"),
        ('"city": "Paris"', "Paris"),
    ],
)
def test_names_are_kept(text: str, value: str):
    assert is_name(text, word(text, value, "GIVEN_NAME"))


def test_lower_case_and_acronyms_need_a_known_name_or_a_sure_model():
    for text in ("xanthippos", "QRS"):
        assert is_name(text, word(text, text, "SURNAME", 0.95))
        assert not is_name(text, word(text, text, "SURNAME", 0.75))
    assert is_name("jonathan", word("jonathan", "jonathan", "GIVEN_NAME", 0.6))


def test_a_place_in_lower_case_needs_a_surer_model():
    assert is_name("xanthippos", word("xanthippos", "xanthippos", "SURNAME", 0.85))
    assert not is_name("xanthippos", word("xanthippos", "xanthippos", "CITY", 0.85))


def kept(text: str, value: str, label: str) -> bool:
    return bool(list(personal(text, [[word(text, value, label)]])))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("commit 3f2a9c1be77d41", "3f2a9c1be77d41"),
        ("at 1732212000", "1732212000"),
        ("ratio 0.5234093", "5234093"),
        ("version 1.12.3", "1.12.3"),
        ("on 2026-11-21T10:00:00Z", "2026-11-21"),
        ("np.float32", "float32"),
        ("region us-east-1", "us-east-1"),
        ("id 12", "12"),
        ("M 4-4 4 4", "4-4 4 4"),
        ("heap 1073741824 bytes", "1073741824"),
        ("max_bytes: 104857600", "104857600"),
        ("from offset 9000123456", "9000123456"),
        ("in line 2820", "2820"),
        ("box 40x60x20", "40x60x20"),
        ("in pod web-7d9c5b6f4-x2x8k", "7d9c5b6f4"),
        ("at toolu_01A09q90qw90", "01A09q90qw90"),
    ],
)
def test_numbers_of_machines_are_left_alone(text: str, value: str):
    assert not kept(text, value, "TAX_ID")


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("passport X1234567", "X1234567", "PASSPORT"),
        ("tax id 12-3456789", "12-3456789", "TAX_ID"),
        ("call 555 010 9999", "555 010 9999", "PHONE"),
    ],
)
def test_numbers_of_persons_are_kept(text: str, value: str, label: str):
    assert kept(text, value, label)


def test_a_number_is_part_of_an_address_only_beside_one():
    text = "12 Hill Road, and 77 of something else that is far away from any address, really"
    house, street = word(text, "12", "BUILDING_NUMBER"), word(text, "Hill", "STREET_NAME")
    other = word(text, "77", "BUILDING_NUMBER")
    assert list(personal(text, [[house, street]])) == [[house, street]]
    assert list(personal(text, [[house]])) == []
    assert list(personal(text, [[street], [other]])) == [[street], [other]]
    far = "x" * 80 + "77"
    assert list(personal(text + far, [[street], [Word(len(text) + 80, len(text) + 82, "ZIP_CODE", 0.9)]])) == [[street]]


@pytest.mark.parametrize(
    "text", ["'(' # 0x28 -> LEFT PARENTHESIS", "class PARENTHESIS(x):", r"'PARENTHESIS': '\u22f0'"]
)
def test_a_lone_word_in_a_line_of_code_must_be_a_known_name(text: str):
    assert not kept(text, "PARENTHESIS", "SURNAME")
    assert kept(text.replace("PARENTHESIS", "Jonathan"), "Jonathan", "GIVEN_NAME")
    assert kept("# 0x28\n-- PARENTHESIS", "PARENTHESIS", "SURNAME")
