"""The connections to one origin."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from transom.gateway.upstream.connection import Clock, Connection
from transom.gateway.upstream.types import ClientLimits, UpstreamError

IDLE_S = 30.0
"""Idle connections are closed after this: shorter than what providers' balancers allow, so that few go stale."""

Open = Callable[[Callable[[], Connection]], Awaitable[Connection]]


class Pool:
    """At most `connections` exchanges at a time, each on a kept connection if there is one; the others wait their turn.

    An exchange holds a permit, an idle connection doesn't. A new connection is opened only by a permit's holder that
    finds none idle, so there are never more connections than permits. Whoever waits is handed a permit by the one that
    ends, in the order of coming: while someone waits, none is free.
    """

    def __init__(self, open_one: Open, clock: Clock, limits: ClientLimits) -> None:
        self._open_one, self._clock, self._limits = open_one, clock, limits
        self._free = limits.connections
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._queue: deque[asyncio.Future[None]] = deque()

    def take(self) -> Connection | None:
        """An idle connection, if there are one and a permit: the last to become idle, which is the freshest."""
        if self._free:
            connection = self._pop_idle()
            if connection is not None:
                self._free -= 1
            return connection
        return None

    async def open(self, wait_s: float) -> Connection:
        """A connection, a new one if none is idle, after a wait of at most `wait_s` seconds. Raises UpstreamError."""
        try:
            async with asyncio.timeout(wait_s):
                await self._turn()
        except TimeoutError:
            raise UpstreamError("upstream_timeout") from None
        return self._pop_idle() or await self.replace()

    async def replace(self) -> Connection:
        """A new connection under the permit that the caller holds; the permit is given back if there is none.

        Raises UpstreamError.
        """
        try:
            connection = await self._open_one(self._new)
        except BaseException:
            self._release()
            raise
        if connection.usable:
            # Else it was lost already, and nobody would say so again.
            self._all.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """End an exchange: its connection waits for another, or is cut if this one wasn't over."""
        if connection.reusable:
            connection.idle_since = self._clock.now
            self._idle.append(connection)
        else:
            connection.abort()
        self._release()

    def tick(self) -> None:
        """Enforce time limits and let old idle connections go."""
        now = self._clock.now
        for connection in list(self._all):
            connection.check_deadline(now)
        while self._idle and now - self._idle[0].idle_since > IDLE_S:
            self._idle.popleft().abort()

    def close(self) -> None:
        for connection in list(self._all):
            connection.abort()

    def _new(self) -> Connection:
        return Connection(self._clock, self._limits.between_bytes_s, self._forget)

    def _pop_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)

    async def _turn(self) -> None:
        """Take a permit. Whoever stops waiting leaves no gap in the queue, and passes on a permit just handed to it."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except BaseException:
            if turn.cancelled():
                with contextlib.suppress(ValueError):
                    self._queue.remove(turn)
            else:
                self._release()
            raise

    def _release(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
