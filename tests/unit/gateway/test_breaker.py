"""When an upstream is left alone, for how long, and how it comes back."""

import pytest

from transom.gateway.breaker import FAILURES, MAX_OPEN_S, OPEN_S, Breaker, Breakers


def opened(at: float = 0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(at, at)
    return breaker


def test_a_closed_breaker_admits_everything():
    assert all(Breaker().admits(now) for now in (-1e9, 0, 1e9))


def test_failures_in_a_row_open_it():
    breaker = Breaker()
    for now in range(FAILURES - 1):
        breaker.failed(now, now)
        assert breaker.admits(now)
    breaker.failed(9, 9)
    assert not breaker.admits(9)
    assert not breaker.admits(9 + OPEN_S - 0.001)


def test_a_success_in_between_keeps_it_closed():
    breaker = Breaker()
    for now in range(3 * FAILURES):
        breaker.failed(now, now)
        if now % FAILURES == FAILURES - 2:
            breaker.succeeded(now)
        assert breaker.admits(now)


def test_after_its_time_one_probe_passes_and_its_success_closes_it():
    breaker = opened()
    assert [breaker.admits(OPEN_S) for _ in range(3)] == [True, False, False]
    breaker.succeeded(OPEN_S)
    assert [breaker.admits(OPEN_S + 1) for _ in range(3)] == [True, True, True]


def test_each_failed_probe_opens_it_for_longer_up_to_a_limit():
    breaker, now, lengths = opened(), 0.0, []
    for _ in range(8):
        began, step = now, OPEN_S
        while not breaker.admits(now + step):
            step += OPEN_S
        now += step
        lengths.append(now - began)
        breaker.failed(now, now)
    assert lengths == [10, 20, 30, 40, 50, 60, 60, 60]
    assert max(lengths) == MAX_OPEN_S


def test_after_it_was_closed_it_opens_for_the_shortest_time_again():
    breaker = opened()
    assert breaker.admits(OPEN_S)
    breaker.failed(OPEN_S, OPEN_S)
    assert breaker.admits(3 * OPEN_S)
    breaker.succeeded(3 * OPEN_S)
    for _ in range(FAILURES):
        breaker.failed(40, 40)
    assert not breaker.admits(40 + OPEN_S - 0.001)
    assert breaker.admits(40 + OPEN_S)


def test_a_probe_that_is_never_heard_of_is_followed_by_another():
    breaker = opened()
    assert breaker.admits(OPEN_S)
    assert not breaker.admits(2 * OPEN_S - 0.001)
    assert breaker.admits(2 * OPEN_S)


def test_calls_from_before_it_opened_change_nothing():
    breaker = opened(at=100)
    breaker.succeeded(began=99)
    assert not breaker.admits(100 + OPEN_S / 2)
    assert breaker.admits(100 + OPEN_S)
    breaker.failed(began=99, now=102 + OPEN_S)
    breaker.succeeded(began=100 + OPEN_S)
    assert breaker.admits(103 + OPEN_S)


def test_a_call_that_was_made_all_the_same_closes_it_by_success_and_no_failure_prolongs_it():
    breaker = opened()
    for now in range(1, 9):
        breaker.failed(now, now)
    assert not breaker.admits(9)
    assert breaker.admits(OPEN_S)
    other = opened()
    other.succeeded(began=1)
    assert other.admits(2)


@pytest.mark.parametrize("success", [False, True])
def test_rest_keeps_calls_away_until_its_time_and_is_no_failure(success: bool):
    breaker = Breaker()
    breaker.rest(5)
    breaker.rest(3)
    if success:
        breaker.succeeded(began=1)
    assert [breaker.admits(now) for now in (0, 4.9, 5, 5)] == [False, False, True, True]


def test_each_upstream_has_one_breaker_of_its_own():
    breakers = Breakers()
    assert breakers.of(("groq", "a")) is breakers.of(("groq", "a"))
    assert len({id(breakers.of(one)) for one in [("groq", "a"), ("groq", "b"), ("azure", "a"), ("azure", None)]}) == 4
