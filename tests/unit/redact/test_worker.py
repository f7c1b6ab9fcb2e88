"""One child: its environment, its back-off."""

from __future__ import annotations

import psutil
import pytest

from transom.config import Redaction, Settings
from transom.redact.problems import RedactionUnavailable
from transom.redact.worker import LONGEST_BACKOFF_S, Crashed, Worker


@pytest.fixture
async def worker(secret):
    worker = Worker(Settings(redaction=Redaction(profile="fast")), secret)
    yield worker
    await worker.kill()


async def test_the_child_knows_no_secret_from_its_environment(worker, monkeypatch):
    monkeypatch.setenv("TRANSOM_SECRET_KEY", "sesame")
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    process = await worker.started()
    child = psutil.Process(process.pid)
    assert "sesame" not in str(child.environ()) + str(child.cmdline())
    assert {name.split("_")[0] for name in child.environ()} & {"TRANSOM", "OPENAI"} <= {"OPENBLAS"}


async def test_a_started_child_is_kept(worker):
    assert await worker.started() is await worker.started()


async def test_a_killed_child_is_replaced(worker):
    first = await worker.started()
    await worker.kill()
    assert first.returncode is not None
    assert (await worker.started()).pid != first.pid


async def test_a_child_whose_pipe_the_loop_has_found_closed_has_crashed(worker):
    process = await worker.started()
    process.stdin.close()
    await process.stdin.wait_closed()
    with pytest.raises(Crashed):
        await worker.ask(b"anything")
    assert (await worker.started()).pid != process.pid


async def test_back_off_grows_to_a_bound(worker):
    waits = []
    for failures in range(20):
        worker._failures = failures
        waits.append(worker._backoff_s())
    assert waits[:2] == [0, 0]
    assert waits[2:] == sorted(waits[2:])
    assert waits[-1] == LONGEST_BACKOFF_S


async def test_a_child_that_cannot_work_says_why(secret, tmp_path):
    worker = Worker(Settings(redaction=Redaction(file=tmp_path / "gone.yaml")), secret)
    with pytest.raises(RedactionUnavailable, match=r"gone\.yaml"):
        await worker.started()
