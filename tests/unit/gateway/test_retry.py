"""Which failed attempts are followed by another, where and after what wait."""

import pytest

from transom.gateway.breaker import FAILURES, OPEN_S, Breakers
from transom.gateway.retry import Attempts, Failure, failed_answer, failed_connection, retry_after
from transom.gateway.routes import Plan, Target
from transom.gateway.upstream import parse_origin

ORIGIN = parse_origin("https://a.example")
NOW = 784_111_717
"""Sun, 06 Nov 1994 08:48:37 GMT, a minute before RFC 9110's example of a date."""


def target(name: str, addressed: bool = False, key: str | None = "held", route: str | None = "route") -> Target:
    return Target(name, ORIGIN, b"/v1/chat/completions", route, "m", key, addressed)


A, B, C = target("a"), target("b"), target("c")
OWN, OWN_TOO = target("own", True, None), target("own", True, None)


class World:
    """A clock that stands still unless told, breakers, and draws that are all the same."""

    def __init__(self, draw: float = 0.5) -> None:
        self.now, self.draw, self.breakers = 1000.0, draw, Breakers()

    def attempts(self, *targets: Target, retries: int = 2) -> Attempts:
        return Attempts(Plan(targets, retries), self.breakers, lambda: self.now, lambda: self.draw)

    def open(self, *targets: Target) -> None:
        for one in targets:
            for _ in range(FAILURES):
                self.breakers.of(one.upstream).failed(self.now, self.now)

    def admits(self, one: Target) -> bool:
        return self.breakers.of(one.upstream).admits(self.now)

    def course(self, attempts: Attempts, *failures: Failure) -> list[tuple[str, float]]:
        """Provider and wait of each attempt, until there is none."""
        made = [(attempts.target.provider, 0.0)]
        for failure in failures:
            found = attempts.next(failure)
            if found is None:
                break
            assert found[0] is attempts.target
            made.append((found[0].provider, found[1]))
        return made


BAD = Failure()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 520, 529])
def test_answers_that_may_be_tried_again(status: int):
    failure = failed_answer(status, [], NOW)
    assert failure == Failure(counts=status >= 500, again=True, retry_after_s=None)


@pytest.mark.parametrize("status", [200, 204, 301, 304, 400, 401, 403, 404, 413, 422])
def test_answers_that_go_to_the_caller_as_they_are(status: int):
    assert failed_answer(status, [(b"retry-after", b"1")], NOW) is None


def test_a_provider_may_say_that_it_is_no_use():
    failure = failed_answer(429, [(b"X-Should-Retry", b"false")], NOW)
    assert failure
    assert not failure.again


@pytest.mark.parametrize(("seconds", "again"), [(b"60", True), (b"61", False), (b"9" * 400, False)])
def test_a_long_retry_after_means_not_again(seconds: bytes, again: bool):
    failure = failed_answer(503, [(b"Retry-After", seconds), (b"Retry-After", b"1")], NOW)
    assert failure
    assert failure.again == again


def test_only_a_broken_proof_of_identity_is_not_tried_again():
    assert failed_connection("upstream_tls_error") == Failure(again=False)
    for code in ("upstream_unreachable", "upstream_timeout", "upstream_closed", "upstream_protocol_error"):
        assert failed_connection(code) == Failure()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({b"retry-after": b"120"}, 120),
        ({b"retry-after": b" 1.5 "}, 1.5),
        ({b"retry-after-ms": b"250", b"retry-after": b"1"}, 0.25),
        ({b"retry-after-ms": b"soon", b"retry-after": b"1"}, 1),
        ({b"retry-after": b"Sun, 06 Nov 1994 08:49:37 GMT"}, 60),
        ({b"retry-after": b"Sunday, 06-Nov-94 08:49:37 GMT"}, 60),
        ({b"retry-after": b"Sun Nov  6 08:49:37 1994"}, 60),
        ({b"retry-after": b"Sun, 06 Nov 1994 08:00:00 GMT"}, 0),
        ({b"retry-after": b"-5"}, None),
        ({b"retry-after": b"nan"}, None),
        ({b"retry-after": b"1e3"}, None),
        ({b"retry-after": b"\xff"}, None),
        ({b"retry-after": b"Sun, 06 Nov 99999999999 08:49:37 GMT"}, None),
        ({b"retry-after": b"Sun, 99 Nov 1994 99:49:37 GMT"}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[bytes, bytes], seconds: float | None):
    assert retry_after(headers, NOW) == seconds


def test_targets_follow_each_other_at_once():
    world = World()
    assert world.course(world.attempts(A, B, C), BAD, BAD, BAD) == [("a", 0), ("b", 0), ("c", 0)]


def test_retries_bound_the_attempts():
    world = World()
    assert world.course(world.attempts(A, B, C, retries=0), BAD) == [("a", 0)]
    assert world.course(world.attempts(A, B, C, retries=1), BAD, BAD) == [("a", 0), ("b", 0)]


def test_the_same_target_again_waits_longer_each_time_up_to_a_limit():
    world = World(draw=1)
    made = world.course(world.attempts(A, retries=6), *[BAD] * 9)
    assert made == [("a", wait) for wait in (0, 0.5, 1, 2, 4, 8, 8)]


def test_waits_are_drawn_from_nothing_to_the_longest():
    world = World(draw=0)
    assert world.course(world.attempts(A, retries=2), BAD, BAD) == [("a", 0), ("a", 0), ("a", 0)]


def test_what_a_provider_asks_for_is_waited_for_and_a_draw_on_top():
    world = World(draw=0.5)
    assert world.course(world.attempts(A), Failure(False, True, 20)) == [("a", 0), ("a", 20.25)]


def test_the_target_that_may_be_tried_soonest_is_tried_first():
    world = World(draw=0)
    course = world.course(world.attempts(A, B, retries=3), Failure(False, True, 20), Failure(False, True, 10), BAD)
    assert course == [("a", 0), ("b", 0), ("b", 10), ("b", 0)]


def test_where_trying_again_is_no_use_another_target_may_still_be_tried():
    world = World()
    course = world.course(world.attempts(A, B), Failure(again=False), Failure(again=False), BAD)
    assert course == [("a", 0), ("b", 0)]


def test_the_caller_s_credential_is_sent_once():
    world = World()
    assert world.course(world.attempts(OWN), BAD) == [("own", 0)]
    assert world.course(world.attempts(OWN, OWN_TOO), BAD) == [("own", 0)]
    assert world.course(world.attempts(OWN, A, OWN_TOO), BAD, BAD) == [("own", 0), ("a", 0), ("a", 0.25)]


def test_a_provider_without_a_key_is_tried_again_without_a_credential():
    world = World()
    assert world.course(world.attempts(target("local", key=None)), BAD) == [("local", 0), ("local", 0.25)]


def test_a_target_whose_breaker_is_open_is_left_out():
    world = World()
    world.open(A)
    assert world.course(world.attempts(A, B), BAD) == [("b", 0), ("b", 0.25)]


def test_an_open_breaker_turns_nobody_away():
    world = World()
    world.open(A, B, OWN)
    assert world.attempts(A).target is A
    assert world.attempts(A, B).target is A
    assert world.course(world.attempts(C, A), Failure(again=False)) == [("c", 0), ("a", 0)]
    assert world.course(world.attempts(C, A), Failure(False, True, 30)) == [("c", 0), ("a", 0)]
    assert world.course(world.attempts(OWN, A, retries=1), BAD) == [("own", 0), ("a", 0)]


def test_failures_open_the_breaker_of_their_target_alone():
    world = World()
    for _ in range(FAILURES):
        assert world.attempts(A, B).next(BAD)
    assert (world.admits(A), world.admits(B)) == (False, True)


def test_rate_limits_are_no_failures_of_the_upstream():
    world = World()
    for _ in range(FAILURES):
        assert world.attempts(A, B).next(Failure(counts=False))
    assert world.admits(A)


def test_the_success_of_an_attempt_after_a_wait_closes_what_the_one_before_it_opened():
    world = World()
    for _ in range(FAILURES):
        attempts = world.attempts(A)
        world.now += 1
        found = attempts.next(BAD)
    assert not world.admits(A)
    assert found
    world.now += found[1]
    attempts.succeeded()
    assert world.admits(A)


def test_a_success_is_told_to_the_breaker():
    world = World()
    world.open(A)
    world.now += OPEN_S
    world.attempts(A, B).succeeded()
    assert [world.admits(A), world.admits(A)] == [True, True]


def test_a_probe_goes_to_a_target_that_may_have_recovered():
    world = World()
    world.open(A)
    world.now += OPEN_S
    assert [world.attempts(A, B).target for _ in range(3)] == [A, B, B]


def test_a_rate_limit_keeps_others_away_for_as_long_as_it_says_and_a_minute_at_most():
    for asked, rested in ((7, 7), (3600, 60)):
        world = World()
        world.attempts(A, B).next(Failure(False, asked <= 60, asked))
        world.now += rested - 0.5
        assert not world.admits(A)
        world.now += 0.5
        assert world.admits(A)


def test_a_limit_of_the_caller_s_own_account_keeps_nobody_away():
    world = World()
    world.attempts(OWN, B).next(Failure(False, True, 30))
    assert world.admits(OWN)


def test_calls_without_a_route_leave_breakers_alone():
    world = World()
    plain = target("a", route=None)
    for _ in range(FAILURES):
        assert world.attempts(plain, retries=0).next(BAD) is None
    assert world.admits(plain)
