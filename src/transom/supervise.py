"""`transom serve`: all processes of one machine, started, watched, restarted, drained."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from transom.config import Settings
from transom.process import stop_event, wait_or_stop
from transom.spool.keys import FD_VARIABLE, find_or_make_key, forget_key, key_pipe

log = structlog.get_logger()

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 4.0
SETTLED_S = 10.0
"""A child that ran this long starts over with the shortest back-off."""


@dataclass
class Child:
    """One process and how to start it again. `grace_s` is how long its drain may take."""

    name: str
    command: list[str]
    env: dict[str, str]
    grace_s: float
    key: bytes | None = None
    process: asyncio.subprocess.Process | None = None
    backoff_s: float = FIRST_BACKOFF_S
    started_at: float = 0.0
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        env = dict(self.env)
        fds: list[int] = []
        if self.key is not None:
            fds.append(key_pipe(self.key))
            env[FD_VARIABLE] = str(fds[0])
        # A session of its own: Ctrl-C in a terminal reaches the supervisor alone, which then drains in order.
        self.process = await asyncio.create_subprocess_exec(
            *self.command, env=env, pass_fds=fds, start_new_session=True
        )
        for descriptor in fds:
            os.close(descriptor)
        self.started_at = asyncio.get_running_loop().time()

    async def keep_running(self) -> None:
        """Start it, and again whenever it ends, until it is told to stop."""
        while not self.stop_asked.is_set():
            await self.start()
            assert self.process
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

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if it doesn't end in time."""
        self.stop_asked.set()
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(self.grace_s):
                await self.process.wait()
        except TimeoutError:
            log.error("a process did not stop in time and was killed", name=self.name)
            self.process.kill()
            await self.process.wait()


class Supervisor:
    """Knows the children in the order in which they must stop: what feeds others first."""

    def __init__(self, settings: Settings, arguments: list[str], demo_port: int | None) -> None:
        self._settings, self._arguments, self._demo_port = settings, arguments, demo_port
        self._key, self._key_outlives_us = find_or_make_key(settings)
        self._env = _environment(demo_port)

    def children(self) -> list[Child]:
        """Gateway, recorder, worker, admin, and the demo provider if there is no other."""
        limits = self._settings.limits
        found = [
            self._child("gateway", limits.drain_s + 10, with_key=True),
            self._child("recorder", limits.drain_s, with_key=True),
            self._child("worker", 10),
            self._child("admin", 10),
        ]
        if self._demo_port:
            command = [sys.executable, "-m", "transom.demo", "--port", str(self._demo_port)]
            found.append(Child("demo provider", command, self._env, 5))
        return found

    def _child(self, name: str, grace_s: float, with_key: bool = False) -> Child:
        key = self._key if with_key and not self._key_outlives_us else None
        return Child(name, self.command(name), self._env, grace_s, key)

    def command(self, name: str) -> list[str]:
        """How to run one of our commands with the settings of this one."""
        return [sys.executable, "-m", "transom", name, *self._arguments]

    async def run(self, announce: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit status."""
        stop = stop_event()
        migrating = await asyncio.create_subprocess_exec(*self.command("migrate"), env=self._env)
        if await migrating.wait():
            return 1
        children = self.children()
        running = [asyncio.create_task(child.keep_running()) for child in children]
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, children[0].pass_on, signal.SIGHUP)
        announce()
        await stop.wait()
        log.info("draining")
        for child in children:
            await child.stop()
        await asyncio.gather(*running)
        forget_key(self._settings)
        log.info("stopped")
        return 0


def _environment(demo_port: int | None) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != FD_VARIABLE}
    env["TRANSOM_SUPERVISED"] = str(os.getpid())
    if demo_port:
        env["TRANSOM_PROVIDERS__DEMO__BASE_URL"] = f"http://127.0.0.1:{demo_port}"
        env["TRANSOM_DEFAULT_PROVIDER"] = "demo"
    # Children find the package the way this process did, also where it isn't installed.
    env.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
    return env
