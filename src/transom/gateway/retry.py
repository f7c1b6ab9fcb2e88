"""Which failed attempts are followed by another, where and after what wait: all before a byte goes to the caller."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import inf
from operator import itemgetter
from random import random

import msgspec

from transom.gateway.breaker import MAX_OPEN_S, Breakers
from transom.gateway.routes import Plan, Target
from transom.gateway.upstream import RawHeaders

BASE_S, CAP_S = 0.5, 8.0
"""Exponential back-off: the shortest and the longest that a wait can be drawn from; the OpenAI SDK has the same."""
MAX_RETRY_AFTER_S = 60.0
"""A provider that asks for a longer wait isn't tried again: the caller gets its answer, and can decide."""

_NUMBER = re.compile(rb"\d+(?:\.\d+)?")


class Failure(msgspec.Struct, frozen=True):
    """What the next attempt needs to know of a failed one.

    `counts` is whether it is the upstream's own fault, `again` whether the same target may be tried once more, and
    `retry_after_s` the wait that it asked for.
    """

    counts: bool = True
    again: bool = True
    retry_after_s: float | None = None


def failed_answer(status: int, headers: RawHeaders, now: float) -> Failure | None:
    """The failure that a response is, or None for one that goes to the caller as it is. `now` is Unix time.

    408, 409 (a lock that wasn't had in time), 429 and all from 500 on may be tried again, and `x-should-retry: false`
    says that it is no use: so do the SDKs of OpenAI and Anthropic. That an account is empty, a 429 too, can't be told
    without reading the body.
    """
    if status < 500 and status not in (408, 409, 429):
        return None
    named = {name.lower(): value for name, value in reversed(headers)}
    wait = retry_after(named, now)
    again = named.get(b"x-should-retry") != b"false" and (wait is None or wait <= MAX_RETRY_AFTER_S)
    return Failure(status >= 500, again, wait)


def failed_connection(code: str) -> Failure:
    """The failure that an UpstreamError is. Who can't prove its identity will not be able to in a second either."""
    return Failure(again=code != "upstream_tls_error")


def retry_after(headers: dict[bytes, bytes], now: float) -> float | None:
    """Seconds to wait, from `retry-after-ms` (OpenAI, Azure), else Retry-After (RFC 9110 §10.2.3): seconds or a date.

    None where neither is given or can be read. `now` is Unix time; names are lower-case.
    """
    if _NUMBER.fullmatch(milliseconds := headers.get(b"retry-after-ms", b"").strip()):
        return float(milliseconds) / 1000
    value = headers.get(b"retry-after", b"").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        date = parsedate_to_datetime(value.decode("latin-1"))
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


class Attempts:
    """The attempts of one call: begin with `target`, and after each failure ask for the `next`.

    First comes each target in the plan's order, at once, less those whose breaker is open. Then those that failed are
    tried again, after a wait; then those whose breaker is open, for nobody is turned away for a breaker's sake; and
    last those that failed and asked for a wait of their own. The caller's credential goes along once at most, so that a
    target that takes it isn't tried again.
    """

    def __init__(
        self,
        plan: Plan,
        breakers: Breakers,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random,
    ) -> None:
        self._breakers, self._clock, self._draw = breakers, clock, draw
        self._left = plan.retries
        self._untried = plan.targets[1:]
        self._failed: list[tuple[float, Target]] = []
        self._repeats = 0
        self.target = plan.targets[0]
        self._began = clock()
        if self._untried:
            self._untried = plan.targets
            self._try_untried(self._began) or self._try_untried(self._began, whatever=True)

    def succeeded(self) -> None:
        """The target answered, with whatever isn't a failure."""
        if self.target.route:
            self._breakers.of(self.target.upstream).succeeded(self._began)

    def next(self, failure: Failure) -> tuple[Target, float] | None:
        """The target to try after this failure, and the seconds to wait before; None: the caller gets what there is."""
        now = self._clock()
        self._note(failure, now)
        if not self._left:
            return None
        self._left -= 1
        return (
            self._try_untried(now)
            or self._try_again(now, until=now)
            or self._try_untried(now, whatever=True)
            or self._try_again(now, until=inf)
        )

    def _note(self, failure: Failure, now: float) -> None:
        target, wait = self.target, failure.retry_after_s or 0.0
        if failure.again and not target.carries_credential:
            self._failed.append((now + wait, target))
        if not target.route:
            return
        breaker = self._breakers.of(target.upstream)
        if failure.counts:
            breaker.failed(self._began, now)
        if not target.carries_credential:
            # A limit on the caller's own account is no reason to keep others away.
            breaker.rest(now + min(wait, MAX_OPEN_S))

    def _try_untried(self, now: float, whatever: bool = False) -> tuple[Target, float] | None:
        for target in self._untried:
            if whatever or self._breakers.of(target.upstream).admits(now):
                self._untried = tuple(one for one in self._untried if one is not target)
                return self._try(target, now, 0.0)
        return None

    def _try_again(self, now: float, until: float) -> tuple[Target, float] | None:
        """Full jitter (Brooker, AWS Architecture Blog, 2015), on top of what the provider asked for."""
        able = [one for one in self._failed if one[0] <= until]
        if not able:
            return None
        ready, target = soonest = min(able, key=itemgetter(0))
        self._failed.remove(soonest)
        backoff = self._draw() * min(CAP_S, BASE_S * 2**self._repeats)
        self._repeats += 1
        return self._try(target, now, max(0.0, ready - now) + backoff)

    def _try(self, target: Target, now: float, wait: float) -> tuple[Target, float]:
        self.target, self._began = target, now + wait
        if target.carries_credential:
            self._untried = tuple(one for one in self._untried if not one.carries_credential)
        return target, wait
