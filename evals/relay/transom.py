"""Transom with everything on: gateway, spool, recorder with redaction, store, worker and admin."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from evals.relay import processes
from evals.relay.gateways import Bench, Gateway
from evals.relay.load import Address
from evals.relay.processes import GATEWAY_CORE, OTHER_CORE, Command, Process
from tests.running import environment, free_port
from transom import __version__
from transom.config import Settings
from transom.spool.counts import read_counts
from transom.spool.disk import Disk
from transom.spool.keys import find_keys
from transom.spool.reader import Position
from transom.spool.status import spool_status
from transom.store.completeness import completeness
from transom.store.engine import connect
from transom.store.positions import read_positions

KEY = "a-key-for-measuring"
T = TypeVar("T")
OTHERS = ("recorder", "worker", "admin")
OUTCOMES = ("stored", "metadata_only", "dropped")


@contextmanager
def running(bench: Bench, provider: int, **settings: str) -> Iterator[Gateway]:
    """All processes of `transom serve`, the gateway's on its own core, with an empty data folder of their own.

    The daily proof is off, since it would send calls of its own. At the end the recorder goes on for `bench.drain_s`
    seconds at most; then the books are drawn up.
    """
    with ExitStack() as others:
        data, log = bench.folder / "data", bench.folder / "transom.log"
        port = free_port()
        env = environment(
            TRANSOM_SPOOL_KEY=KEY,
            TRANSOM_PORT=str(port),
            TRANSOM_ADMIN_PORT=str(free_port()),
            TRANSOM_PROVIDERS__OPENAI__BASE_URL=f"http://127.0.0.1:{provider}",
            TRANSOM_PROOF__DAILY="false",
            **settings,
        )
        recorder = _start_others(data, log, env, others)
        cpu_s = processes.cpu_s(recorder.pid)
        ready = partial(processes.listens, port)
        with processes.running(_command("gateway", data), GATEWAY_CORE, log, ready, env) as process:
            gateway = Gateway("transom", Address(port), process.pid, __version__, recorded="everything, redacted")
            yield gateway
            begun = _begun(data)
            _drain(data, begun, bench.drain_s)
            cpu_s = processes.cpu_s(recorder.pid) - cpu_s
        processes.stop(recorder, signal.SIGKILL)
        gateway.books = {"begun": begun, **_books(data), "recorder_cpu_s": round(cpu_s, 2)}


def _start_others(data: Path, log: Path, env: dict[str, str], stack: ExitStack) -> Process:
    """Everything but the gateway, until the stack is unwound; gives the recorder, which is ready."""
    migrating = processes.spawn(_command("migrate", data), OTHER_CORE, log, env)
    if migrating.wait():
        raise RuntimeError(f"transom migrate failed: {log.read_text()[-1000:]}")
    started = {name: processes.spawn(_command(name, data), OTHER_CORE, log, env) for name in OTHERS}
    for name, process in started.items():
        stack.callback(processes.stop, process, signal.SIGKILL if name == "recorder" else signal.SIGTERM)
    processes.wait(lambda: b"recorder runs" in log.read_bytes(), started["recorder"], log)
    return started["recorder"]


def _command(name: str, data: Path) -> Command:
    return [sys.executable, "-m", "transom", name, "--data", data]


def _begun(data: Path) -> int:
    """As the gateway has counted, while it lives."""
    counts = (read_counts(Disk(), path) for path in (data / "writers").iterdir())
    return sum(sum(one.exchanges.values()) for one in counts)


def _drain(data: Path, begun: int, seconds: float) -> None:
    """Let the recorder go on for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and asyncio.run(_outcomes(_settings(data)))["total"] < begun:
        time.sleep(0.5)


def _books(data: Path) -> dict[str, Any]:
    """What has an outcome and what waits. A recorder that was killed leaves in the spool what it hasn't stored."""
    settings = _settings(data)
    return {**asyncio.run(_outcomes(settings)), "waiting": _waiting(settings)}


def _settings(data: Path) -> Settings:
    return Settings(data=data, spool_key=SecretStr(KEY))


async def _with_store(settings: Settings, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    engine = connect(settings.database)
    try:
        async with engine.connect() as connection:
            return await question(connection)
    finally:
        await engine.dispose()


async def _outcomes(settings: Settings) -> dict[str, Any]:
    """How many exchanges have which outcome in the store, and why."""
    told = await _with_store(settings, completeness)
    found = {name: told[name] for name in OUTCOMES}
    return {**found, "total": sum(found.values()), "reasons": told["reasons"], "ended": told["ended"]}


def _waiting(settings: Settings) -> int:
    """How many records lie in the spool behind what is recorded."""
    positions = asyncio.run(_with_store(settings, read_positions))
    read = {writer: Position.parse(text) for writer, text in positions.items()}
    found = spool_status(settings.spool_dir, settings.data / "writers", find_keys(settings), read)
    return sum(writer.waiting for writer in found)
