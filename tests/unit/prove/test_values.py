"""Synthetic values are fresh, have the check digits that published ones have, and belong to nobody."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random

import pytest

from transom.prove import values
from transom.prove.canary import MAKERS
from transom.redact.recognizers.card import is_card


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_values_are_fresh(kind: str):
    _, make = MAKERS[kind]
    rng = Random(7)
    assert len({make(rng) for _ in range(50)}) > 45


def test_published_check_digits():
    assert values._luhn("7992739871") == "3"
    assert values._verhoeff("2363") == 0
    assert values._verhoeff("2364") != 0
    assert values._spanish_letter(12345678) == "Z"


def test_cards_are_of_a_test_range():
    number = values.card(Random(1)).replace(" ", "")
    assert number.startswith("40000000")
    assert is_card(number)


def test_numbers_are_of_ranges_that_are_nobodys():
    rng = Random(2)
    for _ in range(50):
        assert values.ssn(rng)[0] == "9"
        assert values.phone(rng).startswith("+44 7700 900")
        assert ip_address(values.ip(rng)) in ip_network("2001:db8::/32")
        assert values.email(rng).endswith("@example.com")
        assert values.finnish_code(rng)[7] == "9"
        assert values.iban(rng)[4:8] == "TEST"
