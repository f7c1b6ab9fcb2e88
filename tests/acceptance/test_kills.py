"""Processes are killed at random under load: what clients got whole is recorded, each once, and the books agree."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.db import postgres, postgres_url
from tests.providers.recorded import serving
from tests.running import Running, running, start, until

__all__ = ["postgres", "postgres_url"]

pytestmark = pytest.mark.slow

EXCHANGES = int(os.environ.get("KILL_TEST_EXCHANGES", "500"))
LONG = 5000
CLIENTS = 24 if EXCHANGES >= LONG else 8
PLANTED = b"@planted-customer.org"
"""The end of an e-mail address in every prompt."""

KILL_EVERY_S = 1.0
PACE_S = 0.05
"""The provider's: slow enough that exchanges are under way when their gateway is killed."""


async def chat(request: Request) -> Response:
    body = await request.json()
    said = f"You said: {body['messages'][0]['content']}"
    await asyncio.sleep(PACE_S)
    if body.get("stream"):
        return StreamingResponse(_events(said), media_type="text/event-stream")
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    return JSONResponse({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage})


async def _events(said: str) -> AsyncIterator[str]:
    for word in said.split():
        await asyncio.sleep(PACE_S)
        yield f"data: {json.dumps({'id': 'c', 'choices': [{'index': 0, 'delta': {'content': word + ' '}}]})}\n\n"
    yield "data: [DONE]\n\n"


app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


class Load:
    """Clients that go on whatever happens, and remember which replies they got whole."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self._numbers = iter(range(EXCHANGES))
        self._lock = threading.Lock()
        self.whole: dict[str, str] = {}

    def run(self) -> None:
        threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self) -> None:
        with httpx.Client(base_url=self._server.base_url, timeout=30) as client:
            while (number := self._next()) is not None:
                until(lambda n=number: self._sent(client, n), seconds=60)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _sent(self, client: httpx.Client, number: int) -> bool:
        """One exchange; a failed one is tried again by `until`, as another exchange."""
        prompt = f"number {number}: write to person{number}{PLANTED.decode()} today"
        body = {"model": "m", "stream": bool(number % 2), "messages": [{"role": "user", "content": prompt}]}
        answer = client.post("/v1/chat/completions", json=body)
        if answer.status_code == 200:
            with self._lock:
                self.whole[answer.headers["x-transom-trace-id"]] = prompt
        return answer.status_code == 200


class Chaos:
    """Kills a process of the server, its supervisor included, a second after the gateway was last there.

    A killed supervisor is started again, as systemd would, as often as the old gateway's port is still taken.
    """

    def __init__(self, server: Running, seed: int, settings: dict[str, str]) -> None:
        self._server, self._chance, self._settings = server, random.Random(seed), settings
        self._done = threading.Event()
        self.victims: list[str] = []

    def __enter__(self) -> Chaos:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(KILL_EVERY_S):
            until(self._is_up)
            supervisor = psutil.Process(self._server.process.pid)
            victim = self._chance.choice([supervisor, *supervisor.children(recursive=True)])
            try:
                self.victims.append(" ".join(victim.cmdline()[1:4]))
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        until(self._is_up)

    def _is_up(self) -> bool:
        server = self._server
        if server.process.poll() is not None:
            folder, port = server.data.parent, server.port
            server.process = start(folder, port=port, admin_port=server.admin_port, **self._settings).process
        return server.is_up()


class Search:
    """Reads every byte under some folders again and again, for what must not be there."""

    def __init__(self, *folders: Path) -> None:
        self._folders, self._done = folders, threading.Event()
        self.found: set[str] = set()
        self.bytes = 0

    def __enter__(self) -> Search:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            last = self._done.wait(1)
            for folder in self._folders:
                self._look(folder)
            if last:
                return

    def _look(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            try:
                content = path.read_bytes() if path.is_file() else b""
            except (FileNotFoundError, PermissionError):
                continue
            self.bytes += len(content)
            if PLANTED in content:
                self.found.add(path.name)


def all_traces(server: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = server.admin("/api/v1/traces", limit=200, **({"cursor": cursor} if cursor else {})).json()
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_every_whole_reply_is_recorded_once(tmp_path: Path, database: str, request: pytest.FixtureRequest):
    with serving(app) as base_url:
        settings = {
            "TRANSOM_PROVIDERS__ECHO__BASE_URL": base_url,
            "TRANSOM_DEFAULT_PROVIDER": "echo",
            "TRANSOM_REDACTION__PROFILE": "fast",
        }
        folders = [tmp_path]
        if database == "postgres":
            settings["TRANSOM_DATABASE_URL"] = request.getfixturevalue("postgres_url")
            folders.append(request.getfixturevalue("postgres").folder / "data")
        with running(tmp_path, **settings) as server:
            load = Load(server)
            with Search(*folders) as search, Chaos(server, EXCHANGES, settings) as chaos:
                load.run()
            books = server.wait_for_outcomes(len(load.whole), seconds=60 + EXCHANGES / 20)
            traces = all_traces(server)
    report(database, books, chaos, search, load)
    assert len(chaos.victims) >= 3
    assert search.bytes > 10**6
    assert not search.found
    assert books["begun"] == books["stored"] + books["metadata_only"] + books["dropped"]
    assert books["unaccounted"] == 0
    by_id = {trace["id"]: trace for trace in traces}
    assert len(by_id) == len(traces) == books["stored"] + books["metadata_only"]
    assert set(load.whole) <= set(by_id)
    kept = [by_id[ident] for ident in load.whole]
    assert {trace["outcome_reason"] for trace in kept} <= {None, "redaction_crashed", "recorder_died"}
    assert sum(trace["outcome"] == "stored" for trace in kept) >= 0.98 * len(kept)


def report(database: str, books: dict[str, Any], chaos: Chaos, search: Search, load: Load) -> None:
    """Keep what a long run found in evals/kills; show that of a short one to whoever looks (pytest -s)."""
    found = {
        "whole_replies": len(load.whole),
        **{name: books[name] for name in ("begun", "stored", "metadata_only", "dropped", "reasons", "ended")},
        "kills": Counter(" ".join(victim.split()[1:3]) for victim in chaos.victims),
        "searched_mb": round(search.bytes / 1e6),
        "found_in": sorted(search.found),
    }
    sys.stdout.write(f"{database}: {json.dumps(found)}\n")
    if EXCHANGES >= LONG:
        path = Path(__file__).parents[2] / "evals" / "kills" / f"{datetime.now(UTC).date()}.json"
        path.parent.mkdir(exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**kept, database: found}, indent=1) + "\n")
