from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.admin import access as module
from transom.admin.access import FREE_FAILURES, LONGEST_WAIT_S, SESSION_S, Access, Throttle


class Clock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access(b"k" * 32, "token", now=clock)


def test_only_the_token_is_the_token(access: Access):
    assert access.knows_token("token")
    assert not any(access.knows_token(wrong) for wrong in ("", "toke", "token ", "töken"))


def test_a_session_lasts_twelve_hours(access: Access, clock: Clock):
    cookie = access.open_session()
    assert access.session(cookie)
    clock.time += SESSION_S - 1
    assert access.session(cookie)
    clock.time += 2
    assert access.session(cookie) is None


@given(st.integers(0, 200), st.characters(codec="latin-1"))
def test_a_session_that_was_tampered_with_is_none(place: int, char: str):
    access = Access(b"k" * 32, "token")
    cookie = access.open_session()
    place %= len(cookie)
    forged = cookie[:place] + char + cookie[place + 1 :]
    assert forged == cookie or access.session(forged) is None


@pytest.mark.parametrize("cookie", [None, "", ".", "..", "a.b", "99999999999.nonce.", "99999999999.nonce.00"])
def test_what_is_no_session(access: Access, cookie: str | None):
    assert access.session(cookie) is None


def test_another_key_or_a_new_token_ends_all_sessions(access: Access, clock: Clock):
    cookie = access.open_session()
    assert Access(b"k" * 32, "new token", now=clock).session(cookie) is None
    assert Access(b"x" * 32, "token", now=clock).session(cookie) is None


def test_an_ended_session_stays_ended(access: Access, clock: Clock):
    cookie, other = access.open_session(), access.open_session()
    access.end_session(access.session(cookie) or "")
    clock.time += SESSION_S / 2
    access.end_session("another")
    assert access.session(cookie) is None
    assert access.session(other)


def test_a_form_token_is_good_for_one_nonce(access: Access):
    assert access.form_is_ours("n1", access.form_token("n1"))
    assert not access.form_is_ours("n2", access.form_token("n1"))
    assert not access.form_is_ours(None, access.form_token("n1"))
    assert not access.form_is_ours("n1", "")


def test_guessing_gets_slower_and_slower(clock: Clock):
    throttle = Throttle(now=clock)
    for _ in range(FREE_FAILURES - 1):
        throttle.failed("c")
    assert throttle.wait_s("c") == 0
    waits = []
    for _ in range(20):
        throttle.failed("c")
        waits.append(throttle.wait_s("c"))
        clock.time += waits[-1]
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    assert throttle.wait_s("another") == 0


def test_the_right_token_clears_a_client(clock: Clock):
    throttle = Throttle(now=clock)
    for _ in range(FREE_FAILURES):
        throttle.failed("c")
    throttle.passed("c")
    assert throttle.wait_s("c") == 0


def test_the_brake_remembers_only_so_many(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_CLIENTS", 3)
    throttle = Throttle(now=clock)
    for client in "abcd":
        for _ in range(FREE_FAILURES):
            throttle.failed(client)
    assert [bool(throttle.wait_s(client)) for client in "abcd"] == [False, True, True, True]


def test_its_repr_shows_no_secret(access: Access):
    assert "token'" not in repr(access)
    assert "kkk" not in repr(access)
