"""Processes are killed at random under load: what clients got whole is recorded, each once, and the books agree."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.providers.recorded import serving
from tests.running import Running, running, until

pytestmark = pytest.mark.slow

EXCHANGES = 400
CLIENTS = 8
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
        prompt = f"number {number}"
        body = {"model": "m", "stream": bool(number % 2), "messages": [{"role": "user", "content": prompt}]}
        answer = client.post("/v1/chat/completions", json=body)
        if answer.status_code == 200:
            with self._lock:
                self.whole[answer.headers["x-transom-trace-id"]] = prompt
        return answer.status_code == 200


@contextmanager
def killing(server: Running, seed: int) -> Iterator[list[str]]:
    """Kill one process of the server, below its supervisor, a second after the gateway was last there; gives names."""
    chance, done, victims = random.Random(seed), threading.Event(), []

    def kill() -> None:
        while not done.wait(KILL_EVERY_S):
            until(server.is_up)
            family = psutil.Process(server.process.pid).children(recursive=True)
            if family:
                victim = chance.choice(family)
                try:
                    victims.append(" ".join(victim.cmdline()[1:4]))
                    victim.kill()
                except psutil.NoSuchProcess:
                    continue

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield victims
    finally:
        done.set()
        thread.join()


def all_traces(server: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = server.admin("/api/v1/traces", limit=200, **({"cursor": cursor} if cursor else {})).json()
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_whole_reply_is_recorded_once(tmp_path: Path, seed: int):
    with serving(app) as base_url:
        settings = {"TRANSOM_PROVIDERS__ECHO__BASE_URL": base_url, "TRANSOM_DEFAULT_PROVIDER": "echo"}
        with running(tmp_path, **settings) as server:
            load = Load(server)
            with killing(server, seed) as victims:
                load.run()
            books = server.wait_for_outcomes(len(load.whole), seconds=180)
            traces = all_traces(server)
    assert len(victims) >= 3
    assert books["begun"] == books["stored"] + books["metadata_only"] + books["dropped"]
    assert books["unaccounted"] == 0
    by_id = {trace["id"]: trace for trace in traces}
    assert len(by_id) == len(traces) == books["stored"] + books["metadata_only"]
    assert set(load.whole) <= set(by_id)
    kept = [by_id[ident] for ident in load.whole]
    assert {trace["outcome_reason"] for trace in kept} <= {None, "redaction_crashed"}
    assert sum(trace["outcome"] == "stored" for trace in kept) >= 0.9 * len(kept)
