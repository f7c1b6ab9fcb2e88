from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from evals.relay import processes

pytestmark = pytest.mark.slow

BUSY = (
    "import threading\nt = threading.Thread(target=lambda: sum(range(10**7)))\nt.start()\nprint('up')\nwhile True: pass"
)
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-uc', {BUSY!r}])"


def says_up(log: Path) -> bool:
    return "up" in log.read_text()


def test_a_server_runs_on_its_core_until_the_block_is_left(tmp_path: Path):
    log = tmp_path / "log"
    command = [sys.executable, "-uc", BUSY]
    with processes.running(command, processes.OTHER_CORE, log, lambda: says_up(log)) as process:
        assert os.sched_getaffinity(process.pid) == {processes.OTHER_CORE}
        assert process.poll() is None
    assert process.poll() is not None


def test_what_descendants_and_threads_take_is_counted(tmp_path: Path):
    log = tmp_path / "log"
    process = processes.spawn([sys.executable, "-c", PARENT], processes.OTHER_CORE, log)
    try:
        processes.wait(lambda: says_up(log), process, log)
        _, child = processes.family(process.pid)
        before = processes.cpu_s(process.pid)
        processes.wait(lambda: processes.cpu_s(process.pid) > before + 0.1, process, log)
        assert processes.cpu_s(child) > 0.1
        assert processes.peak_mb(process.pid) >= processes.rss_mb(process.pid) > processes.rss_mb(child) > 1
    finally:
        for pid in processes.family(process.pid):
            os.kill(pid, 9)
        process.wait()


def test_one_that_ends_by_itself_is_told_with_the_end_of_its_log(tmp_path: Path):
    command = [sys.executable, "-c", "raise SystemExit('no such setting')"]
    with (
        pytest.raises(RuntimeError, match="no such setting"),
        processes.running(command, processes.OTHER_CORE, tmp_path / "log", lambda: False),
    ):
        pytest.fail("it never was ready")


def test_a_process_that_is_gone_takes_nothing():
    assert processes.cpu_s(2**22 + 1) == 0
    assert processes.rss_mb(2**22 + 1) == 0
