"""`transom serve`: all processes of one machine, started, watched, replaced, drained."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog

from transom.child import Child
from transom.config import Settings
from transom.listen import READY_VARIABLE, SOCKETS_VARIABLE, release
from transom.process import stop_event
from transom.spool.keys import FD_VARIABLE, forget_key
from transom.translate.place import listen, translator_socket
from transom.translate.providers import in_use

log = structlog.get_logger()


class Processes:
    """How to start our commands with the settings of this one.

    `sockets` are those that gateways listen on. `key` is the spool's, or None where children find it by themselves.
    """

    def __init__(
        self,
        settings: Settings,
        arguments: list[str],
        sockets: Sequence[socket.socket],
        key: bytes | None,
        demo_port: int | None = None,
    ) -> None:
        self.settings, self.sockets = settings, sockets
        self._arguments, self._key, self._demo_port = arguments, key, demo_port
        self.env = _environment(demo_port)

    def gateways(self) -> list[Child]:
        """As many as are asked for, all on the same port."""
        count, grace_s = self.settings.gateways, self.settings.limits.drain_s + 10
        names = ["gateway"] if count == 1 else [f"gateway {number + 1}" for number in range(count)]
        command = self.command("gateway")
        return [Child(name, command, self.env, grace_s, self._key, self.sockets) for name in names]

    def translator(self) -> Child:
        """It takes memory and seconds to start, so it waits for work where the settings give it none yet."""
        sockets, grace_s = [listen(translator_socket(self.settings))], self.settings.limits.drain_s + 10
        idle = not in_use(self.settings)
        return Child("translator", self.command("translator"), self.env, grace_s, sockets=sockets, on_demand=idle)

    def others(self) -> list[Child]:
        """Translator, recorder, worker, admin, and the demo provider if there is no other."""
        found = [
            self.translator(),
            Child("recorder", self.command("recorder"), self.env, self.settings.limits.drain_s, self._key),
            Child("worker", self.command("worker"), self.env, 10),
            Child("admin", self.command("admin"), self.env, 10),
        ]
        if self._demo_port:
            command = [sys.executable, "-m", "transom.demo", "--port", str(self._demo_port)]
            found.append(Child("demo provider", command, self.env, 5, stays=True))
        return found

    def command(self, name: str) -> list[str]:
        """The words that run one of our commands."""
        return [sys.executable, "-m", "transom", name, *self._arguments]


async def serve(processes: Processes, announce: Callable[[], None]) -> int:
    """Run everything of this machine until SIGTERM or SIGINT; returns the exit status."""
    supervisor = Supervisor(processes.gateways(), processes.others(), processes.sockets)
    migrating = await asyncio.create_subprocess_exec(*processes.command("migrate"), env=processes.env)
    if await migrating.wait():
        return 1
    await supervisor.run(announce)
    forget_key(processes.settings)
    return 0


async def serve_gateways(processes: Processes) -> None:
    """Run gateways alone until SIGTERM or SIGINT."""
    await Supervisor(processes.gateways(), [processes.translator()], processes.sockets).run()


RESTART_S = 30.0
"""How long a process without a port may take to end in a rolling restart. What it leaves undone, the next one does."""


class Supervisor:
    """Keeps gateways and other processes running, and stops them in the order of the data: what feeds others first.

    SIGHUP makes the gateways read providers and routes anew. SIGUSR2, as with nginx and gunicorn, puts new processes in
    the place of all, one after the other; those that listen serve before the ones that they replace leave. SIGTERM and
    SIGINT drain and end. Each order is finished before the next is begun.
    """

    def __init__(self, gateways: list[Child], others: list[Child], sockets: Sequence[socket.socket]) -> None:
        """Takes over the signals of the running loop."""
        self._gateways, self._others, self._sockets = gateways, others, sockets
        self._orders: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._running: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._stop = stop_event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._orders.put_nowait, self._reload)
        loop.add_signal_handler(signal.SIGUSR2, self._orders.put_nowait, self._roll)

    async def run(self, announce: Callable[[], None] = lambda: None) -> None:
        """Start all, call `announce`, and keep them running until we are told to stop; then drain."""
        for child in [*self._gateways, *self._others]:
            if child.on_demand:
                self._start_when_called(child)
            else:
                _keep(self._running, child.keep_running())
        obeying = asyncio.create_task(self._obey())
        announce()
        await self._stop.wait()
        log.info("draining")
        obeying.cancel()
        await asyncio.wait([obeying])
        release(self._sockets)
        await asyncio.gather(*(gateway.stop() for gateway in self._gateways), *self._leaving)
        for child in self._others:
            await child.stop()
            release(child.sockets)
        await asyncio.gather(*self._running)
        log.info("stopped")

    def _start_when_called(self, child: Child) -> None:
        """Start it when the first connection waits for it, as systemd's socket activation does."""
        loop = asyncio.get_running_loop()
        (listening,) = child.sockets

        def start() -> None:
            loop.remove_reader(listening)
            if not self._stop.is_set():
                _keep(self._running, child.keep_running())

        loop.add_reader(listening, start)

    async def _obey(self) -> None:
        while True:
            order = await self._orders.get()
            await order()

    async def _reload(self) -> None:
        """Gateways read their settings anew; what else listens is replaced by one that has read them."""
        for gateway in self._gateways:
            gateway.pass_on(signal.SIGHUP)
        for place, child in enumerate(self._others):
            if child.sockets:
                await self._renew(self._others, place)

    async def _roll(self) -> None:
        """Put new processes in the place of all. Where one doesn't come to serve, those that are left stay."""
        log.info("rolling restart begins")
        for group in (self._gateways, self._others):
            for place in range(len(group)):
                if not await self._renew(group, place):
                    log.error("rolling restart given up")
                    return
        log.info("rolling restart done")

    async def _renew(self, group: list[Child], place: int) -> bool:
        """Put a new process in the place of one; where they listen, once it serves. False if it never does."""
        old = group[place]
        if old.stays or old.process is None:
            return True
        fresh = old.another()
        if not old.sockets:
            old.grace_s = min(old.grace_s, RESTART_S)
            await old.stop()
        elif not await fresh.start_until_ready():
            log.error("a new process did not become ready; the old one stays", name=old.name)
            return False
        else:
            # SIGQUIT, as nginx tells its workers: finish what has begun. Others serve on, so readiness doesn't fail.
            _keep(self._leaving, old.stop(signal.SIGQUIT))
        group[place] = fresh
        _keep(self._running, fresh.keep_running())
        return True


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Run it, and remember it until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _environment(demo_port: int | None) -> dict[str, str]:
    handed_to_us = (FD_VARIABLE, SOCKETS_VARIABLE, READY_VARIABLE)
    env = {name: value for name, value in os.environ.items() if name not in handed_to_us}
    env["TRANSOM_SUPERVISED"] = str(os.getpid())
    if demo_port:
        env["TRANSOM_PROVIDERS__DEMO__BASE_URL"] = f"http://127.0.0.1:{demo_port}"
        env["TRANSOM_DEFAULT_PROVIDER"] = "demo"
    # Children find the package the way this process did, also where it isn't installed.
    env.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
    return env
