"""A process that a supervisor keeps running: started, started again when it dies, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from transom.listen import READY, READY_VARIABLE, SOCKETS_VARIABLE
from transom.process import wait_or_stop
from transom.spool.keys import FD_VARIABLE, key_pipe

log = structlog.get_logger()

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 4.0
SETTLED_S = 10.0
"""A child that ran this long starts over with the shortest back-off."""

READY_S = 60.0
"""How long a process may take until it serves."""


@dataclass(eq=False)
class Child:
    """One process and how to start it again. `grace_s` is how long its drain may take.

    It inherits `sockets`, which listen, and can read `key` from a pipe. One that `stays` is left alone by a rolling
    restart; one that is started `on_demand` is so when somebody first connects.
    """

    name: str
    command: list[str]
    env: dict[str, str]
    grace_s: float
    key: bytes | None = None
    sockets: Sequence[socket.socket] = ()
    stays: bool = False
    on_demand: bool = False
    process: Process | None = None
    backoff_s: float = FIRST_BACKOFF_S
    started_at: float = 0.0
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def another(self) -> Child:
        """One like it that isn't started yet."""
        return Child(
            self.name, self.command, self.env, self.grace_s, self.key, self.sockets, self.stays, self.on_demand
        )

    async def start(self, ready: int | None = None) -> None:
        """Start the process, which tells by the descriptor `ready` when it serves."""
        env, descriptors = dict(self.env), [one.fileno() for one in self.sockets]
        if descriptors:
            env[SOCKETS_VARIABLE] = ",".join(map(str, descriptors))
        if ready is not None:
            env[READY_VARIABLE] = str(ready)
            descriptors.append(ready)
        key = None if self.key is None else key_pipe(self.key)
        if key is not None:
            env[FD_VARIABLE] = str(key)
            descriptors.append(key)
        # A SIGHUP that comes before the process has a handler for it has to wait, or it would end the process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            # A session of its own: Ctrl-C in a terminal reaches the supervisor alone, which then drains in order.
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=env, pass_fds=descriptors, start_new_session=True
            )
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
            if key is not None:
                os.close(key)
        self.started_at = asyncio.get_running_loop().time()

    async def start_until_ready(self) -> bool:
        """Start the process and wait until it serves. One that ends before, or takes too long, is killed: False."""
        ours, theirs = socket.socketpair()
        ready = False
        try:
            with ours:
                with theirs:
                    await self.start(theirs.fileno())
                ready = await _is_told(ours)
        except OSError as error:
            log.error("a process could not be started", name=self.name, error=error)
        finally:
            if not ready and self.process and self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
        return ready

    async def keep_running(self) -> None:
        """Start it if it isn't, and again whenever it ends, until it is told to stop."""
        while not self.stop_asked.is_set():
            if self.process is None or self.process.returncode is not None:
                await self.start()
            assert self.process
            if self.stop_asked.is_set():  # while it was being started
                self.process.terminate()
            code = await self.process.wait()
            if self.stop_asked.is_set():
                return
            ran = asyncio.get_running_loop().time() - self.started_at
            self.backoff_s = FIRST_BACKOFF_S if ran > SETTLED_S else min(self.backoff_s * 2, LONGEST_BACKOFF_S)
            log.error("a process died and is started again", name=self.name, code=code, after_s=self.backoff_s)
            await wait_or_stop(self.stop_asked, self.backoff_s)

    def pass_on(self, sig: signal.Signals) -> None:
        """Give a signal to the process, if there is one."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(sig)

    async def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Signal it to end, and SIGKILL if it doesn't in time."""
        self.stop_asked.set()
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(sig)
        try:
            async with asyncio.timeout(self.grace_s):
                await self.process.wait()
        except TimeoutError:
            log.error("a process did not stop in time and was killed", name=self.name)
            self.process.kill()
            await self.process.wait()


async def _is_told(channel: socket.socket) -> bool:
    """Whether a process tells that it serves, before it ends and in good time."""
    channel.setblocking(False)
    try:
        async with asyncio.timeout(READY_S):
            return await asyncio.get_running_loop().sock_recv(channel, 1) == READY
    except TimeoutError:
        return False
