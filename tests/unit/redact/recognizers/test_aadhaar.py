"""Aadhaar numbers and their check digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.redact.recognizers.aadhaar import AADHAAR, is_aadhaar

BODY = "23412341234"
NUMBER = next(BODY + digit for digit in "0123456789" if is_aadhaar(BODY + digit))
GROUPED = f"{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:]}"
BENGALI = GROUPED.translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))


def test_the_published_example_is_right():
    assert is_aadhaar("2363")  # Verhoeff's: the check digit of 236 is 3
    assert not is_aadhaar("2364")


@given(st.text(st.sampled_from("0123456789"), min_size=11, max_size=11), st.integers(0, 10))
def test_any_wrong_digit_and_any_swap_of_neighbours_is_noticed(body, place):
    number = next(body + digit for digit in "0123456789" if is_aadhaar(body + digit))
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert not is_aadhaar(wrong)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not is_aadhaar(swapped)


@pytest.mark.parametrize("text", [f"Aadhaar: {NUMBER}", f"my number {GROUPED}", f"আধার {BENGALI}", BENGALI])
def test_finds(taken, text):
    assert len(taken(AADHAAR, text)) == 1


@pytest.mark.parametrize("text", [NUMBER, "2341 2341 2341", f"1{NUMBER}", f"id {GROUPED} 1234", f"v{NUMBER}"])
def test_leaves(taken, text):
    assert taken(AADHAAR, text) == []
