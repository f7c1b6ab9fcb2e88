"""A recorder that lags, a database that is away: the relay doesn't notice, and the books agree afterwards."""

from __future__ import annotations

import json
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.db import Postgres, postgres, postgres_url
from tests.providers.recorded import serving
from tests.running import Running, running, start, until

__all__ = ["postgres", "postgres_url"]

pytestmark = pytest.mark.slow

BOUND = 400_000
CALLS = 400


async def chat(request: Request) -> Response:
    await request.body()
    choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    return JSONResponse({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage})


@pytest.fixture
def provider() -> Iterator[dict[str, str]]:
    with serving(Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])) as base_url:
        yield {
            "TRANSOM_PROVIDERS__ECHO__BASE_URL": base_url,
            "TRANSOM_DEFAULT_PROVIDER": "echo",
            "TRANSOM_REDACTION__PROFILE": "fast",
        }


def process_of(server: Running, name: str) -> psutil.Process:
    family = psutil.Process(server.process.pid).children()
    return next(child for child in family if name in child.cmdline())


def call(server: Running, calls: int) -> list[float]:
    """Distinct calls of about 2 KB; gives how long each took, in seconds."""
    took = []
    for number in range(calls):
        began = time.perf_counter()
        answer = server.chat(f"{time.time_ns()} {number} " + "lorem ipsum " * 170)
        took.append(time.perf_counter() - began)
        assert answer.status_code == 200
    return took


def test_past_the_bound_metadata_is_kept_and_the_relay_does_not_notice(tmp_path: Path, provider: dict[str, str]):
    with running(tmp_path, **provider, TRANSOM_SPOOL__MAX_BYTES=str(BOUND)) as server:
        call(server, 50)
        server.wait_for_outcomes(50)
        before = call(server, CALLS)
        server.wait_for_outcomes(50 + CALLS)
        recorder = process_of(server, "recorder")
        recorder.suspend()
        during = call(server, CALLS)
        size = sum(path.stat().st_size for path in (server.data / "spool").rglob("*") if path.is_file())
        recorder.resume()
        books = server.wait_for_outcomes(50 + 2 * CALLS)
    assert books["begun"] == 50 + 2 * CALLS == books["stored"] + books["metadata_only"]
    kept_whole = BOUND // 3000
    assert books["reasons"]["metadata_only:spool_full"] >= CALLS - 3 * kept_whole > 0
    assert books["stored"] > 50 + CALLS
    assert BOUND <= size < 1.5 * BOUND
    assert statistics.median(during) < 1.5 * statistics.median(before) + 0.002


def test_what_comes_while_the_database_is_away_is_stored_when_it_is_back(
    tmp_path: Path, provider: dict[str, str], postgres: Postgres, postgres_url: str
):
    with running(tmp_path, **provider, TRANSOM_DATABASE_URL=postgres_url) as server:
        call(server, 20)
        server.wait_for_outcomes(20)
        postgres.go_away()
        try:
            call(server, 100)
            until(lambda: "the store is away" in server.log.read_text())
        finally:
            postgres.start()
        books = server.wait_for_outcomes(120)
        assert (books["begun"], books["stored"]) == (120, 120)
        assert books["lag_s"] < 60


def test_a_stop_while_the_database_is_away_says_what_waits_and_keeps_it(
    tmp_path: Path, provider: dict[str, str], postgres: Postgres, postgres_url: str
):
    settings = {**provider, "TRANSOM_DATABASE_URL": postgres_url}
    with running(tmp_path, **settings) as server:
        call(server, 10)
        server.wait_for_outcomes(10)
        postgres.go_away()
        try:
            call(server, 30)
            assert server.stop() == 0
        finally:
            postgres.start()
    said = [json.loads(line) for line in server.log.read_text().splitlines() if "the spool keeps what waits" in line]
    assert [line["exchanges"] for line in said] == [30]
    again = start(tmp_path, **settings)
    try:
        until(again.is_ready)
        books = again.wait_for_outcomes(40)
        assert (books["stored"], books["dropped"]) == (40, 0)
    finally:
        again.stop()


def test_spool_status_counts_what_waits(tmp_path: Path, provider: dict[str, str]):
    with running(tmp_path, **provider) as server:
        call(server, 5)
        server.wait_for_outcomes(5)
        recorder = process_of(server, "recorder")
        recorder.send_signal(signal.SIGSTOP)
        call(server, 7)
        assert totals(server) == ["all", "7", "0"]
        recorder.send_signal(signal.SIGCONT)
        server.wait_for_outcomes(12)
        assert totals(server) == ["all", "0", "0"]


def totals(server: Running) -> list[str]:
    """Of the last row of `transom spool status`: its name, how many wait, how many of those can't be read."""
    shown = server.command("spool", "status").stdout
    row = next(line for line in reversed(shown.splitlines()) if "all" in line)
    cells = [cell.strip() for cell in row.split("│")]
    return [cells[1], cells[5], cells[6]]
