"""Circuit breakers: an upstream that keeps failing is left alone for a while, where a route has another.

An upstream is a provider and a model, because models of one provider fail apart: each has its own limits and its own
machines. Only calls with a route are counted and held back; a call whose caller chose the provider itself is relayed
whatever happened before.
"""

from __future__ import annotations

from math import inf

FAILURES = 5
"""Failures in a row that open a breaker: Envoy's `consecutive_5xx`.

No window of failure rates is kept beside it: where half of the calls fail, five in a row come after 62 calls on
average, (1 - p^5) / ((1 - p) p^5) for a rate of p; where one in twenty fails, after 3.4 million.
"""
OPEN_S = 10.0
"""Seconds that a breaker stays open the first time; the second time in a row twice as long, and so on, as Envoy's
ejection times grow. Also the time that a probe has, before the next call may be one."""
MAX_OPEN_S = 60.0


class Breaker:
    """The state of one upstream. Times are seconds of one monotonic clock, given by the caller.

    Closed: calls pass. Open: none passes for a while. Half-open: one call passes, the probe, and its success closes the
    breaker. A call that began before the breaker opened says nothing about the time since, and isn't counted.
    """

    __slots__ = ("_failures", "_open_until", "_opened_at", "_probe_until", "_rest_until", "_trips")

    def __init__(self) -> None:
        self._failures = 0
        self._trips = 0
        self._opened_at = self._open_until = self._probe_until = self._rest_until = -inf

    def admits(self, now: float) -> bool:
        """Whether a call may go there. Where it is half-open, the call that is told so is the probe."""
        if now < self._open_until or now < self._rest_until:
            return False
        if self._trips:
            if now < self._probe_until:
                return False
            # A probe may never be heard of again, for its client can leave: after this time there is another one.
            self._probe_until = now + OPEN_S
        return True

    def succeeded(self, began: float) -> None:
        """A call that began then was answered."""
        if began >= self._opened_at:
            self._failures = self._trips = 0
            self._open_until = -inf

    def failed(self, began: float, now: float) -> None:
        """A call that began then failed, for a reason that is the upstream's."""
        if began < self._opened_at or now < self._open_until:
            return
        self._failures += 1
        # Of a probe, too, this is true: only a success takes the count back.
        if self._failures >= FAILURES:
            self._trips += 1
            self._opened_at, self._open_until = now, now + min(self._trips * OPEN_S, MAX_OPEN_S)

    def rest(self, until: float) -> None:
        """Admit nothing before that time: the upstream asked for it. It is no failure."""
        self._rest_until = max(self._rest_until, until)


class Breakers:
    """The breakers of a process, one for each upstream that a route has led to."""

    def __init__(self) -> None:
        self._by_upstream: dict[tuple[str, str | None], Breaker] = {}

    def of(self, upstream: tuple[str, str | None]) -> Breaker:
        """The breaker of a provider and model. There are as many as the settings name."""
        breaker = self._by_upstream.get(upstream)
        if breaker is None:
            breaker = self._by_upstream[upstream] = Breaker()
        return breaker
