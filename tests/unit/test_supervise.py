"""Which processes there are; that they obey signals and are replaced one after the other."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from transom.child import Child
from transom.config import Route, Settings
from transom.listen import bind, release
from transom.supervise import Processes, Supervisor

GATEWAY = """
import os, signal, sys, time
from transom.listen import tell_ready
name, log = sys.argv[1:]
def say(what):
    with open(log, "a") as file:
        file.write(f"{name} {what}\\n")
def end(sig, frame):
    say("left" if sig == signal.SIGQUIT else "stopped")
    sys.exit()
for sig in (signal.SIGTERM, signal.SIGQUIT):
    signal.signal(sig, end)
signal.signal(signal.SIGHUP, lambda *_: say("reloads"))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
if os.path.exists(log + ".broken"):
    sys.exit(2)
say("serves")
tell_ready()
time.sleep(60)
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


class Sample:
    """A supervisor of two small gateways and a worker, and what these say."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.sockets = bind("127.0.0.1", 0)
        gateways = [self._child(name, self.sockets) for name in ("first", "second")]
        others = [self._child("worker"), self._child("demo", stays=True)]
        self.supervisor = Supervisor(gateways, others, self.sockets)

    def _child(self, name: str, sockets: list[socket.socket] | None = None, stays: bool = False) -> Child:
        command = [sys.executable, "-c", GATEWAY, name, str(self.log)]
        return Child(name, command, dict(os.environ), 5, sockets=sockets or [], stays=stays)

    def said(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def count(self, words: str) -> int:
        return self.said().count(words)

    async def stop(self, running: asyncio.Task[None]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(20):
            await running


NAMES = ("first", "second", "worker", "demo")


async def started(sample: Sample) -> asyncio.Task[None]:
    running = asyncio.create_task(sample.supervisor.run())
    await until(lambda: all(sample.count(f"{name} serves") == 1 for name in NAMES))
    return running


async def test_what_feeds_others_stops_first(tmp_path: Path):
    sample = Sample(tmp_path)
    await sample.stop(await started(sample))
    assert sorted(sample.said()[-4:-2]) == ["first stopped", "second stopped"]
    assert sample.said()[-2:] == ["worker stopped", "demo stopped"]


async def test_the_port_is_open_before_the_first_gateway_and_closed_when_the_last_one_drains(tmp_path: Path):
    sample = Sample(tmp_path)
    address = sample.sockets[0].getsockname()
    with socket.create_connection(address, timeout=5):
        await sample.stop(await started(sample))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


async def test_sighup_reaches_every_gateway_and_nobody_else(tmp_path: Path):
    sample = Sample(tmp_path)
    running = await started(sample)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: sample.count("first reloads") == sample.count("second reloads") == 1)
    await sample.stop(running)
    assert not sample.count("worker reloads")


async def test_sigusr2_replaces_one_after_the_other_and_the_new_one_serves_before_the_old_one_leaves(tmp_path: Path):
    sample = Sample(tmp_path)
    running = await started(sample)
    os.kill(os.getpid(), signal.SIGUSR2)
    await until(lambda: sample.count("worker serves") == 2)
    await until(lambda: sample.count("first left") == sample.count("second left") == 1)
    said = sample.said()[4:]
    assert said.index("first serves") < said.index("first left")
    assert said.index("first serves") < said.index("second serves") < said.index("second left")
    assert said.index("second serves") < said.index("worker stopped") < said.index("worker serves")
    assert not [line for line in said if line.startswith("demo")]
    await sample.stop(running)
    assert sample.count("first stopped") == sample.count("second stopped") == 1


async def test_orders_are_obeyed_one_after_the_other(tmp_path: Path):
    sample = Sample(tmp_path)
    running = await started(sample)
    os.kill(os.getpid(), signal.SIGUSR2)
    await until(lambda: sample.count("first serves") == 2)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: sample.count("first reloads") == sample.count("second reloads") == 1)
    backwards = sample.said()[::-1]
    assert backwards.index("second reloads") < backwards.index("second serves")
    await sample.stop(running)
    assert sample.count("first serves") == sample.count("second serves") == 2


async def test_a_new_gateway_that_does_not_get_ready_leaves_the_old_ones_in_place(tmp_path: Path):
    sample = Sample(tmp_path)
    running = await started(sample)
    with broken(sample):
        os.kill(os.getpid(), signal.SIGUSR2)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: sample.count("first reloads") == sample.count("second reloads") == 1)
    await sample.stop(running)
    assert [sample.count(f"{name} serves") for name in NAMES] == [1, 1, 1, 1]
    assert not sample.count("first left")


@contextmanager
def broken(sample: Sample) -> Iterator[None]:
    mark = Path(f"{sample.log}.broken")
    mark.touch()
    yield
    mark.unlink()


async def test_told_to_stop_in_a_rolling_restart_all_stop(tmp_path: Path):
    sample = Sample(tmp_path)
    running = await started(sample)
    os.kill(os.getpid(), signal.SIGUSR2)
    await until(lambda: sample.count("first serves") == 2)
    await sample.stop(running)
    for name in ("first", "second", "worker"):
        ended = sample.count(f"{name} stopped") + sample.count(f"{name} left")
        assert ended == sample.count(f"{name} serves")


def processes(folder: Path, key: bytes | None = None, demo_port: int | None = None, **settings: Any) -> Processes:
    return Processes(Settings(data=folder, **settings), [], [], key, demo_port)


def names(children: list[Child]) -> list[str]:
    for child in children:
        release(child.sockets)
    return [child.name for child in children]


def test_children_are_in_the_order_of_the_data(tmp_path: Path):
    assert names(processes(tmp_path, demo_port=4999).gateways()) == ["gateway"]
    assert names(processes(tmp_path, demo_port=4999).others()) == [
        "translator",
        "recorder",
        "worker",
        "admin",
        "demo provider",
    ]


def test_there_are_as_many_gateways_as_are_asked_for(tmp_path: Path):
    assert names(processes(tmp_path, gateways=3).gateways()) == ["gateway 1", "gateway 2", "gateway 3"]


def test_only_those_that_need_the_spool_s_key_get_it(tmp_path: Path):
    ours = processes(tmp_path, key=b"k" * 32)
    children = [*ours.gateways(), *ours.others()]
    assert {child.name for child in children if child.key} == {"gateway", "recorder"}
    assert len(names(children)) == len(children)


@pytest.mark.parametrize(("route", "waits"), [("openai", True), ("anthropic", False)])
def test_a_translator_waits_until_there_is_work_for_it(tmp_path: Path, route: str, waits: bool):
    translator = processes(tmp_path, routes={"smart": Route(provider=route)}).translator()
    (listening,) = translator.sockets
    assert listening.getsockname()
    assert translator.on_demand == waits
    release(translator.sockets)


async def test_what_waits_for_work_is_started_by_the_first_connection_and_renewed_by_a_reload(tmp_path: Path):
    sample = Sample(tmp_path)
    called = bind("127.0.0.1", 0)
    child = sample._child("called", called)
    child.on_demand = True
    sample.supervisor._others.insert(0, child)
    running = await started(sample)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: sample.count("second reloads") == 1)
    assert sample.count("called serves") == 0
    with socket.create_connection(called[0].getsockname()):
        await until(lambda: sample.count("called serves") == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: sample.count("called serves") == 2 and sample.count("called left") == 1)
    await sample.stop(running)
    assert sample.count("called serves") == 2


def test_the_demo_provider_is_the_default_one(tmp_path: Path):
    (gateway,) = processes(tmp_path, demo_port=4999).gateways()
    assert gateway.env["TRANSOM_PROVIDERS__DEMO__BASE_URL"] == "http://127.0.0.1:4999"
    assert gateway.env["TRANSOM_DEFAULT_PROVIDER"] == "demo"


def test_what_was_handed_to_us_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("TRANSOM_LISTEN_FDS", "TRANSOM_READY_FD", "TRANSOM_SPOOL_KEY_FD"):
        monkeypatch.setenv(name, "99")
    assert not [name for name in processes(tmp_path).env if name.endswith(("_FDS", "_FD"))]
