"""Routes under any settings and any course of failures: weights, stickiness, breakers, and where credentials go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from transom.config import Provider, Route, RouteTarget, Settings
from transom.gateway.breaker import FAILURES, MAX_OPEN_S, OPEN_S, Breaker, Breakers
from transom.gateway.retry import CAP_S, MAX_RETRY_AFTER_S, Attempts, Failure, failed_answer, retry_after
from transom.gateway.routes import Plan, Router, Target
from transom.gateway.upstream import parse_origin

CHAT, ORIGIN = b"/v1/chat/completions", parse_origin("http://a.example")
PROVIDERS = {name: Provider(base_url=f"http://{name}.example") for name in "abcdef"}
WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.5, 10), min_size=2)
KEYS = st.text(min_size=1, max_size=20)


def router(weights: dict[str, float]) -> Router:
    targets = [RouteTarget(provider=name, weight=weight) for name, weight in weights.items()]
    return Router(Settings(providers=PROVIDERS, routes={"route": Route(targets=targets)}))


def order(of: Router, key: str | None = None) -> list[str]:
    return [target.provider for target in of.plan(CHAT, "route", False, key).targets]


def expected(weights: dict[str, float], count: int) -> dict[str, tuple[float, float]]:
    """For each target, how often it should be first and six standard deviations of that, and a bit for rare ones."""
    total = sum(weights.values())
    shares = {name: weight / total for name, weight in weights.items()}
    return {name: (count * p, 6 * (count * p * (1 - p)) ** 0.5 + 5) for name, p in shares.items()}


@settings(max_examples=20, deadline=None)
@given(WEIGHTS)
def test_weights_are_kept_by_draws_and_by_keys_alike(weights: dict[str, float]) -> None:
    of, count = router(weights), 2000
    drawn = Counter(order(of)[0] for _ in range(count))
    hashed = Counter(order(of, f"key {n}")[0] for n in range(count))
    for name, (mean, spread) in expected(weights, count).items():
        assert abs(drawn[name] - mean) <= spread
        assert abs(hashed[name] - mean) <= spread


@settings(max_examples=50, deadline=None)
@given(WEIGHTS)
def test_the_second_is_drawn_by_weight_among_the_rest(weights: dict[str, float]) -> None:
    of = router(weights)
    orders = [order(of, f"key {n}") for n in range(1000)]
    most = max(weights, key=lambda name: weights[name])
    after = [one[1] for one in orders if one[0] == most]
    rest = {name: weight for name, weight in weights.items() if name != most}
    for name, (mean, spread) in expected(rest, len(after)).items():
        assert abs(after.count(name) - mean) <= spread


@settings(max_examples=100, deadline=None)
@given(WEIGHTS, KEYS, st.data())
def test_a_target_that_goes_or_comes_leaves_the_others_in_their_order(
    weights: dict[str, float], key: str, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(weights)))
    without = {name: weight for name, weight in reversed(weights.items()) if name != gone}
    assert [name for name in order(router(weights), key) if name != gone] == order(router(without), key)


@settings(max_examples=100, deadline=None)
@given(WEIGHTS, KEYS, st.data(), st.floats(1, 10))
def test_more_weight_moves_keys_to_that_target_alone(
    weights: dict[str, float], key: str, data: st.DataObject, factor: float
) -> None:
    heavier = data.draw(st.sampled_from(sorted(weights)))
    before, after = order(router(weights), key), order(router(weights | {heavier: weights[heavier] * factor}), key)
    assert after[0] in (before[0], heavier)


@given(st.dictionaries(st.sampled_from([b"retry-after", b"retry-after-ms"]), st.binary(max_size=40)), st.floats(0, 4e9))
def test_any_retry_after_is_seconds_or_nothing(headers: dict[bytes, bytes], now: float) -> None:
    wait = retry_after(headers, now)
    assert wait is None or wait >= 0
    failure = failed_answer(503, list(headers.items()), now)
    assert failure
    assert failure.again == (wait is None or wait <= MAX_RETRY_AFTER_S)


# ---------------------------------------------------------------------------- the breaker against its states by name


@dataclass
class Model:
    """A breaker as textbooks draw it: closed, open and half-open, each with what it remembers."""

    state: str = "closed"
    in_a_row: int = 0
    times: int = 0
    since: float = float("-inf")
    until: float = float("-inf")
    probe_until: float = float("-inf")
    rest: float = float("-inf")
    seen: list[str] = field(default_factory=list)

    def _tick(self, now: float) -> None:
        if self.state == "open" and now >= self.until:
            self.state, self.probe_until = "half-open", float("-inf")
        self.seen.append(self.state)

    def admits(self, now: float) -> bool:
        self._tick(now)
        if self.state == "open" or now < self.rest:
            return False
        if self.state == "half-open":
            if now < self.probe_until:
                return False
            self.probe_until = now + OPEN_S
        return True

    def succeeded(self, began: float, now: float) -> None:
        self._tick(now)
        if began >= self.since:
            self.state, self.in_a_row, self.times = "closed", 0, 0

    def failed(self, began: float, now: float) -> None:
        self._tick(now)
        if began < self.since or self.state == "open":
            return
        self.in_a_row += 1
        if self.state == "half-open" or self.in_a_row >= FAILURES:
            self.state, self.times, self.since = "open", self.times + 1, now
            self.until = now + min(OPEN_S * self.times, MAX_OPEN_S)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["admits", "failed", "failed", "failed", "succeeded", "rest"]),
        st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, OPEN_S, 2 * OPEN_S, MAX_OPEN_S]),
        st.sampled_from([0.0, 0.0, 0.0, 1.0, 30.0]),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_a_breaker_does_what_its_states_say(events: list[tuple[str, float, float]]) -> None:
    breaker, model, now = Breaker(), Model(), 0.0
    for what, passed, earlier in events:
        now += passed
        began = now - earlier
        if what == "admits":
            assert breaker.admits(now) == model.admits(now)
        elif what == "failed":
            breaker.failed(began, now)
            model.failed(began, now)
        elif what == "succeeded":
            breaker.succeeded(began)
            model.succeeded(began, now)
        else:
            breaker.rest(now + earlier)
            model.rest = max(model.rest, now + earlier)
        assert breaker.admits(now) == model.admits(now)


# ---------------------------------------------------------------------------- the attempts of a call

TARGETS = st.lists(
    st.builds(
        lambda provider, key, addressed: Target(provider, ORIGIN, CHAT, "route", None, key, addressed),
        st.sampled_from("abc"),
        st.sampled_from([None, "held"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)
FAILED = [
    Failure(),
    Failure(again=False),
    Failure(counts=False),
    Failure(counts=False, retry_after_s=0.5),
    Failure(retry_after_s=MAX_RETRY_AFTER_S),
    Failure(counts=False, again=False, retry_after_s=3600),
]
OUTCOMES = st.lists(st.sampled_from(FAILED), min_size=12, max_size=12)


@settings(max_examples=200, deadline=None)
@given(TARGETS, st.integers(0, 10), OUTCOMES, st.floats(0, 1), st.lists(st.sampled_from("abc")))
def test_attempts_keep_their_bounds(
    targets: list[Target], retries: int, outcomes: list[Failure], draw: float, broken: list[str]
) -> None:
    breakers, now = Breakers(), 1000.0
    for provider in broken:
        for _ in range(FAILURES):
            breakers.of((provider, "route")).failed(now, now)
    attempts = Attempts(Plan(tuple(targets), retries), breakers, lambda: now, lambda: draw)
    made: list[tuple[Target, Failure, float]] = []
    found: tuple[Target, float] | None = (attempts.target, 0.0)
    for failure in outcomes:
        assert found
        target, wait = found
        earlier = [(failed, at) for other, failed, at in made if other is target]
        assert 0 <= wait <= MAX_RETRY_AFTER_S + CAP_S
        assert earlier or wait == 0
        assert all(failed.again for failed, _ in earlier)
        now += wait
        assert all(now >= at + (failed.retry_after_s or 0) - 1e-6 for failed, at in earlier)
        made.append((target, failure, now))
        found = attempts.next(failure)
        if found is None:
            break
    assert found is None
    assert len(made) <= retries + 1
    assert sum(target.carries_credential for target, _, _ in made) <= 1
    tried = {id(target) for target, _, _ in made}
    left = [one for one in targets if id(one) not in tried and not one.carries_credential]
    assert len(made) == retries + 1 or not left
