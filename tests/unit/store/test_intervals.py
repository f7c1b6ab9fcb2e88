from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.store.intervals import wilson


def test_the_interval_of_known_counts() -> None:
    """As Agresti and Coull (1998) have it for 0 of 10, and by hand for 5 of 10."""
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_and_stays_within_bounds(counts: tuple[int, int]) -> None:
    hits, trials = counts
    low, high = wilson(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    other_low, other_high = wilson(trials - hits, trials)
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low), abs=1e-9)


@pytest.mark.parametrize("rate", [0.002, 0.01, 0.05, 0.3])
def test_it_covers_a_known_rate_about_as_often_as_it_says(rate: float) -> None:
    drawn, trials, rounds = random.Random(7), 1_000, 400
    covered = 0
    for _ in range(rounds):
        low, high = wilson(sum(drawn.random() < rate for _ in range(trials)), trials)
        covered += low <= rate <= high
    assert covered / rounds > 0.92
