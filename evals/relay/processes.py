"""Processes on a core of their own, and what they take. Linux only."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

GATEWAY_CORE, OTHER_CORE = 0, 1
"""The gateway under test has the first core alone. Load, provider, recorder and the rest share the second."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Process = subprocess.Popen[bytes]
Command = Sequence[str | Path]


def spawn(command: Command, core: int, log: Path, env: Mapping[str, str] | None = None) -> Process:
    """Start a command on that core, in `log`'s folder, with its output in `log`."""
    with log.open("ab") as output:
        whole = ["taskset", "-c", str(core), *map(str, command)]
        return subprocess.Popen(whole, stdout=output, stderr=output, env=env, cwd=log.parent)


@contextmanager
def running(
    command: Command, core: int, log: Path, ready: Callable[[], bool], env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """A server, from when it is ready until the block is left.

    Raises RuntimeError, with the end of its log, if it ends by itself.
    """
    process = spawn(command, core, log, env)
    try:
        wait(ready, process, log)
        yield process
    finally:
        if process.poll() is not None:
            raise RuntimeError(f"{_name(process)} ended by itself: {_end_of(log)}")
        stop(process)


def wait(condition: Callable[[], bool], process: Process, log: Path, seconds: float = 120) -> None:
    """Until it is true. Raises RuntimeError, with the end of the log, if the process ends or takes longer than that."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{_name(process)} did not start: {_end_of(log)}")
        time.sleep(0.02)


def _name(process: Process) -> str:
    return Path(process.args[3]).name  # type: ignore[index, arg-type]


def _end_of(log: Path) -> str:
    return " ".join(log.read_text(errors="replace")[-300:].split())


def listens(port: int) -> bool:
    """Whether somebody accepts connections there, on loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: Process, sig: signal.Signals = signal.SIGTERM, seconds: float = 30) -> None:
    """Ask a process to end, and kill it where it doesn't."""
    process.send_signal(sig)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for task in _tasks(pid):
        try:
            children = (task / "children").read_text().split()
        except OSError:  # The thread has ended.
            continue
        for child in children:
            yield from family(int(child))


def cpu_s(pid: int) -> float:
    """Seconds on a CPU of a process and its descendants, over all their threads that live, to the nanosecond.

    The first field of schedstat: https://docs.kernel.org/scheduler/sched-stats.html
    """
    return sum(_number(task / "schedstat", 0) for one in family(pid) for task in _tasks(one)) / 1e9


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in MB of 2**20 bytes; shared pages count for each."""
    return sum(_number(Path(f"/proc/{one}/statm"), 1) for one in family(pid)) * _PAGE_BYTES / 2**20


def waited_s(pid: int) -> float:
    """Seconds that their threads were ready to run and others had the core: the second field of schedstat."""
    return sum(_number(task / "schedstat", 1) for one in family(pid) for task in _tasks(one)) / 1e9


def peak_mb(pid: int) -> float:
    """The most resident memory that a process and its descendants ever had, in MB of 2**20 bytes."""
    texts = (Path(f"/proc/{one}/status").read_text() for one in family(pid))
    return sum(int(found[1]) for text in texts if (found := re.search(r"^VmHWM:\s*(\d+) kB", text, re.M))) / 1024


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _number(path: Path, field: int) -> int:
    try:
        return int(path.read_text().split()[field])
    except OSError:
        return 0
