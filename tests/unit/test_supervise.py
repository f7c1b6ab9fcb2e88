"""Children are started, restarted when they die, and stopped in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from transom import supervise
from transom.config import Settings
from transom.spool import keys
from transom.supervise import Child, Supervisor


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def child(program: str, grace_s: float = 5, key: bytes | None = None) -> Child:
    return Child("sample", [sys.executable, "-c", program], dict(os.environ), grace_s, key)


async def test_a_child_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervise, "FIRST_BACKOFF_S", 0.01)
    sample = child(f"open({str(tmp_path / 'starts')!r}, 'a').write('x')")
    sample.backoff_s = 0.01
    running = asyncio.create_task(sample.keep_running())
    starts = tmp_path / "starts"
    await until(lambda: starts.exists() and len(starts.read_text()) >= 3)
    await sample.stop()
    await running
    assert sample.process
    assert sample.process.returncode is not None


async def test_a_killed_child_has_a_new_process(monkeypatch: pytest.MonkeyPatch):
    sample = child("import time; time.sleep(60)")
    sample.backoff_s = 0.01
    running = asyncio.create_task(sample.keep_running())
    await until(lambda: sample.process is not None)
    assert sample.process
    first = sample.process.pid
    sample.process.kill()
    await until(lambda: sample.process is not None and sample.process.pid != first)
    await sample.stop()
    await running
    assert sample.process.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path):
    mark = tmp_path / "ready"
    sample = child(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(mark)!r}, 'w').close(); time.sleep(60)",
        grace_s=0.1,
    )
    running = asyncio.create_task(sample.keep_running())
    await until(mark.exists)
    await sample.stop()
    await running
    assert sample.process
    assert sample.process.returncode == -signal.SIGKILL


async def test_a_key_is_handed_down_by_a_pipe_and_not_by_the_environment(tmp_path: Path):
    found = tmp_path / "key"
    sample = child(
        "import os; fd = int(os.environ['TRANSOM_SPOOL_KEY_FD'])\n"
        f"open({str(found)!r}, 'wb').write(os.read(fd, 99)); import time; time.sleep(60)",
        key=b"k" * 32,
    )
    running = asyncio.create_task(sample.keep_running())
    await until(lambda: found.exists() and len(found.read_bytes()) == 32)
    await sample.stop()
    await running
    assert found.read_bytes() == b"k" * 32


def test_children_stop_in_the_order_of_the_data(tmp_path: Path):
    names = [c.name for c in Supervisor(Settings(data=tmp_path), [], demo_port=4999).children()]
    assert names == ["gateway", "recorder", "worker", "admin", "demo provider"]


def test_only_those_that_need_the_spool_s_key_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "_memory_folders", list)
    children = Supervisor(Settings(data=tmp_path), [], demo_port=None).children()
    assert {c.name for c in children if c.key} == {"gateway", "recorder"}


def test_the_demo_provider_is_the_default_one(tmp_path: Path):
    gateway = Supervisor(Settings(data=tmp_path), [], demo_port=4999).children()[0]
    assert gateway.env["TRANSOM_PROVIDERS__DEMO__BASE_URL"] == "http://127.0.0.1:4999"
    assert gateway.env["TRANSOM_DEFAULT_PROVIDER"] == "demo"
