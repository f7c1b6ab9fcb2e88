"""National ids: found by themselves, after their name, and not at all."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transom.redact.national import NATIONAL, find


def found(text: str) -> set[tuple[str, str]]:
    return {(f.entity, text[f.start : f.end]) for f in find(text) if f.score >= 0.5}


@pytest.mark.parametrize(
    ("value", "entity"),
    [
        ("AB 12 34 56 C", "UK_NINO"),
        ("AB123456C", "UK_NINO"),
        ("MORGA753116SM9IJ", "UK_DRIVING_LICENCE"),
        ("12345678Z", "ES_NIF"),
        ("12345678-Z", "ES_NIF"),
        ("X1234567L", "ES_NIE"),
        ("RSSMRA85T10A562S", "IT_FISCAL_CODE"),
        ("131052-308T", "FI_PERSONAL_IDENTITY_CODE"),
        ("44051401359", "PL_PESEL"),
        ("10000000146", "TR_NATIONAL_ID"),
        ("ABCPE1234F", "IN_PAN"),
        ("27AAPFU0939F1ZV", "IN_GSTIN"),
        ("2345 6789 1238", "IN_AADHAAR"),
        ("S1234567D", "SG_NRIC_FIN"),
        ("900101-1234568", "KR_RRN"),
        ("900101-5234568", "KR_FRN"),
        ("811218-9876", "SE_PERSONNUMMER"),
        ("8001015009087", "ZA_ID_NUMBER"),
        ("DE136695976", "DE_VAT_ID"),
        ("DE 136 695 976", "DE_VAT_ID"),
        ("15070649C103", "DE_SOCIAL_SECURITY"),
        ("1 85 05 78 006 084 91", "FR_NIR"),
        ("185057800608491", "FR_NIR"),
        ("1EG4-TE5-MK73", "US_MBI"),
        ("123-456-782", "CA_SIN"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "my id: {}.", '{{"id": "{}"}}', "({}, 3)", "{}\n{}"])
def test_an_id_of_telling_form_is_found_by_itself(value, entity, around):
    assert (entity, value) in found(around.format(value, value))


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("Her TFN is 123 456 782", "123 456 782", "AU_TFN"),
        ("medicare card 2123 45670 1", "2123 45670 1", "AU_MEDICARE"),
        ("ABN 51824753556", "51824753556", "AU_ABN"),
        ("social insurance number 123456782", "123456782", "CA_SIN"),
        ("NHS number: 943 476 5919", "943 476 5919", "UK_NHS"),
        ("nhs_number=9434765919", "9434765919", "UK_NHS"),
        ("aadhaar 234567891238", "234567891238", "IN_AADHAAR"),
        ("my Steuer-ID is 86095742719", "86095742719", "DE_TAX_ID"),
        ("kvnr a123456780", "a123456780", "DE_HEALTH_INSURANCE"),
        ("Personalausweis L01X00T44", "L01X00T44", "DE_ID_CARD"),
        ("personnummer 198112189876", "198112189876", "SE_PERSONNUMMER"),
        ("nric s1234567d", "s1234567d", "SG_NRIC_FIN"),
        ("the npi is 1234567893", "1234567893", "US_NPI"),
        ("partita IVA 12345670017", "12345670017", "IT_VAT_CODE"),
        ("nino ab123456c", "ab123456c", "UK_NINO"),
        ("nino ab 12 34 56 c", "ab 12 34 56 c", "UK_NINO"),
        ("codice fiscale rssmra85t10a562s", "rssmra85t10a562s", "IT_FISCAL_CODE"),
    ],
)
def test_an_id_that_may_be_anything_is_found_after_its_name_only(text, value, entity):
    assert (entity, value) in found(text)
    assert (entity, value) not in found(f"Here it is: {value}")


@pytest.mark.parametrize(
    "text",
    [
        "12345678A",
        "S1234567A",
        "ABCDE1234F",
        "2345 6789 1239",
        "order 1731412345 at 1731412345678",
        "sha1 da39a3ee5e6b4b0d",
        "8a7b6c5d-1111-2222-3333-444455556666",
        "pesel.44051401359.5",
        "1.44051401359",
        "x44051401359x",
        "4111 1111 1111 1111",
        "346412338913585",
    ],
)
def test_what_fails_its_check_or_belongs_to_something_longer_is_left_alone(text):
    assert found(text) == set()


def test_hardly_any_number_of_a_log_is_taken_for_an_id():
    rng = random.Random(5)
    numbers = [str(rng.randrange(10 ** (n - 1), 10**n)) for n in (8, 9, 10, 11, 12, 13, 16) for _ in range(300)]
    times = [str(rng.randrange(1_600_000_000_000, 1_800_000_000_000)) for _ in range(2000)]
    hashes = [f"{rng.randrange(16**9):09x}" for _ in range(500)]
    alarms = found("\n".join(numbers + times + hashes))
    assert len(alarms) < 15


def test_presidio_is_not_loaded_before_a_text_needs_it():
    code = (
        "import sys; from transom.redact.national import find;"
        "assert not list(find('nothing 12 here on 2024-11-21'));"
        "assert not {'spacy', 'presidio_analyzer'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_warming_up_loads_presidio():
    code = (
        "import sys; from transom.redact.national import warm_up; warm_up(); assert 'presidio_analyzer' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_entity_that_is_claimed_is_the_one_that_its_recognizer_supports():
    from transom.redact.national import _CHECKS
    from transom.redact.national_checks import recognizer

    for check in _CHECKS:
        assert recognizer(check.entity, check.recognizer).supported_entities == [check.entity]
    assert len(set(NATIONAL.entities)) == len(NATIONAL.entities)


_PARTS = ["a", "1", "A1", "1 ", "123 ", "1234 5678 9012 ", "a1-", "AB 12 34 56 C ", "44051401359,", "123456782\n"]
_PARTS += ["nhs 9434765919\n", "DE 123 456 789 ", "1-", "A", "-", "RSSMRA85T10A562S "]


@pytest.mark.parametrize("part", _PARTS)
def test_64_kb_of_anything_are_read_in_a_moment(part):
    text = (part * 65_536)[:65_536]
    started = time.process_time()
    list(find(text))
    assert time.process_time() - started < 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789ABXZ -+.", max_size=60))
def test_findings_lie_within_the_text_and_have_scores(text):
    for finding in find(text):
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 < finding.score <= 1
        assert finding.entity in NATIONAL.entities
