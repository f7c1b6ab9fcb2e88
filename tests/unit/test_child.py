"""A child is started, started again when it dies, and stopped."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import free_port
from transom import child as module
from transom import listen
from transom.child import Child


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def child(program: str, grace_s: float = 5, key: bytes | None = None) -> Child:
    return Child("sample", [sys.executable, "-c", program], dict(os.environ), grace_s, key, backoff_s=0.01)


async def test_a_child_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LONGEST_BACKOFF_S", 0.01)
    starts = tmp_path / "starts"
    sample = child(f"open({str(starts)!r}, 'a').write('x')")
    running = asyncio.create_task(sample.keep_running())
    await until(lambda: starts.exists() and len(starts.read_text()) >= 3)
    await sample.stop()
    await running
    assert sample.process
    assert sample.process.returncode is not None


async def test_a_killed_child_has_a_new_process():
    sample = child("import time; time.sleep(60)")
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


async def test_a_child_that_is_stopped_while_it_starts_ends():
    sample = child("import time; time.sleep(60)")
    running = asyncio.create_task(sample.keep_running())
    await asyncio.sleep(0)
    await sample.stop()
    async with asyncio.timeout(10):
        await running
    assert sample.process is None or sample.process.returncode == -signal.SIGTERM


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


async def test_sockets_are_inherited_and_readiness_is_waited_for():
    sample = child(
        "from transom.listen import inherited, tell_ready\n"
        "server, = inherited(); tell_ready(); server.accept()[0].sendall(b'hello')"
    )
    sample.sockets = listen.bind("127.0.0.1", free_port())
    assert await sample.start_until_ready()
    reader, writer = await asyncio.open_connection(*sample.sockets[0].getsockname())
    assert await reader.read() == b"hello"
    writer.close()
    await sample.stop()
    listen.release(sample.sockets)


async def test_a_child_that_ends_before_it_is_ready_is_not_ready():
    assert not await child("raise SystemExit(2)").start_until_ready()


async def test_a_child_that_never_gets_ready_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "READY_S", 0.1)
    sample = child("import time; time.sleep(60)")
    assert not await sample.start_until_ready()
    assert sample.process
    assert sample.process.returncode == -signal.SIGKILL


async def test_a_child_that_can_not_be_started_is_not_ready():
    sample = child("")
    sample.command = ["/nowhere/to/be/found"]
    assert not await sample.start_until_ready()


async def test_a_start_that_is_given_up_leaves_no_process():
    sample = child("import time; time.sleep(60)")
    starting = asyncio.create_task(sample.start_until_ready())
    await until(lambda: sample.process is not None)
    starting.cancel()
    await asyncio.wait([starting])
    assert sample.process
    assert sample.process.returncode == -signal.SIGKILL


async def test_a_sighup_waits_until_there_is_a_handler():
    sample = child(
        "import signal\n"
        "from transom.listen import tell_ready\n"
        "signal.signal(signal.SIGHUP, lambda *_: tell_ready())\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP}); signal.pause()"
    )
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        await sample.start(theirs.fileno())
        sample.pass_on(signal.SIGHUP)
        theirs.close()
        async with asyncio.timeout(10):
            assert await asyncio.get_running_loop().sock_recv(ours, 1) == listen.READY
    await sample.stop()


async def test_another_child_is_started_apart():
    sample = child("import time; time.sleep(60)", key=b"k" * 32)
    await sample.start()
    other = sample.another()
    assert (other.command, other.env, other.key, other.process) == (sample.command, sample.env, sample.key, None)
    await sample.stop()
    assert not other.stop_asked.is_set()
