"""Several gateways on one port, under load: reloaded, replaced and killed, and no client is refused or cut off."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
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
from tests.running import Running, environment, free_port, start, until

pytestmark = pytest.mark.slow

GATEWAYS = 3
CLIENTS = 8
PACE_S = 0.05
"""The provider's: slow enough that exchanges are under way whenever a process is told something."""


class Provider:
    """Answers at its pace. The model `long` streams until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        await asyncio.sleep(PACE_S)
        if body.get("stream"):
            return StreamingResponse(self._events(body["model"] == "long"), media_type="text/event-stream")
        choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        answer = {"id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}
        return JSONResponse(answer)

    async def _events(self, long: bool) -> AsyncIterator[str]:
        sent = 0
        while sent < 5 or (long and not self.released.is_set()):
            sent += 1
            yield f"data: {json.dumps({'id': 'c', 'choices': [{'index': 0, 'delta': {'content': f'{sent} '}}]})}\n\n"
            await asyncio.sleep(PACE_S)
        yield "data: [DONE]\n\n"


class Load:
    """Clients that ask as fast as they are answered: half of them on kept connections, half on a new one each time."""

    def __init__(self, server: Running) -> None:
        self._server, self._over, self._lock = server, threading.Event(), threading.Lock()
        self.whole: list[str] = []
        self.failures: Counter[str] = Counter()

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self) -> None:
        """Until as many more have been answered as there are clients, thrice."""
        enough = len(self.whole) + 3 * CLIENTS
        until(lambda: len(self.whole) >= enough)

    def _client(self, number: int) -> None:
        kept = httpx.Limits() if number % 2 else httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=self._server.base_url, limits=kept, timeout=60) as client:
            stream = False
            while not self._over.is_set():
                stream = not stream
                self._ask(client, stream)

    def _ask(self, client: httpx.Client, stream: bool) -> None:
        body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "Will it hold?"}]}
        try:
            ready = client.get("/health/ready").status_code
            answer = client.post("/v1/chat/completions", json=body)
        except httpx.TransportError as error:
            with self._lock:
                self.failures[type(error).__name__] += 1
            return
        whole = answer.text.endswith("data: [DONE]\n\n" if stream else "}")
        with self._lock:
            if ready == 200 and answer.status_code == 200 and whole:
                self.whole.append(answer.headers["x-transom-trace-id"])
            else:
                self.failures[f"readiness {ready}, status {answer.status_code}, {len(answer.content)} bytes"] += 1


class LongStream:
    """A stream that goes on until the provider is released."""

    def __init__(self, server: Running, provider: Provider) -> None:
        self._server, self._provider, self.text = server, provider, ""

    def __enter__(self) -> LongStream:
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        until(lambda: self.text)
        return self

    def __exit__(self, *_: object) -> None:
        self._provider.released.set()
        self._thread.join()

    def _read(self) -> None:
        body = {"model": "long", "stream": True, "messages": [{"role": "user", "content": "Go on."}]}
        with httpx.stream("POST", f"{self._server.base_url}/v1/chat/completions", json=body, timeout=60) as answer:
            for piece in answer.iter_text():
                self.text += piece


@contextmanager
def several(folder: Path, provider: Provider, **settings: str) -> Iterator[Running]:
    """A server of several gateways with one route, `mine`, and the settings file beside its data."""
    (folder / "transom.yaml").write_text("routes: {mine: {provider: openai}}")
    with serving(provider.app) as base_url:
        server = start(
            folder,
            "--config",
            str(folder / "transom.yaml"),
            TRANSOM_GATEWAYS=str(GATEWAYS),
            TRANSOM_PROVIDERS__SAMPLE__BASE_URL=base_url,
            TRANSOM_DEFAULT_PROVIDER="sample",
            TRANSOM_REDACTION__PROFILE="fast",
            **settings,
        )
        try:
            until(server.is_ready)
            until(lambda: len(gateways(server)) == GATEWAYS)
            yield server
        finally:
            provider.released.set()
            assert server.stop() == 0


def gateways(server: Running) -> set[int]:
    """The process ids of the gateways."""
    found = set()
    for process in psutil.Process(server.process.pid).children():
        try:
            if "gateway" in process.cmdline():
                found.add(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def said(server: Running, event: str) -> int:
    """How often something was logged."""
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    return sum(json.loads(line)["event"] == event for line in lines)


def roll(server: Running) -> None:
    """A rolling restart, whole."""
    before = said(server, "rolling restart done")
    server.process.send_signal(signal.SIGUSR2)
    until(lambda: said(server, "rolling restart done") > before, seconds=120)


def agree(books: dict[str, Any]) -> bool:
    return books["unaccounted"] == 0 and books["begun"] == books["stored"] + books["metadata_only"] + books["dropped"]


def test_reload_and_rolling_restarts_lose_and_refuse_nothing(tmp_path: Path):
    provider = Provider()
    with several(tmp_path, provider) as server:
        first = gateways(server)
        with LongStream(server, provider) as stream, Load(server) as load:
            load.wait_for_more()
            (tmp_path / "transom.yaml").write_text("routes: {mine: {provider: openai}, yours: {provider: openai}}")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: said(server, "settings reloaded") == GATEWAYS)
            assert "yours" in httpx.get(f"{server.base_url}/v1/models").text
            assert gateways(server) == first
            roll(server)
            second = until(lambda: gateways(server) - first)
            assert len(second) == GATEWAYS
            roll(server)
            load.wait_for_more()
            length = len(stream.text)
            until(lambda: len(stream.text) > length)
            assert first & gateways(server), "the one that streams"
        until(lambda: len(gateways(server)) == GATEWAYS)
        assert not gateways(server) & (first | second)
        books = server.wait_for_outcomes(len(load.whole) + 1)
    assert load.failures == {}
    assert stream.text.endswith("data: [DONE]\n\n")
    assert agree(books)
    assert books["begun"] == books["stored"] == len(load.whole) + 1
    assert books["ended"] == {"complete": books["begun"]}


def test_a_killed_gateway_refuses_nobody_and_those_beside_it_go_on(tmp_path: Path):
    with several(tmp_path, Provider()) as server:
        with Load(server) as load:
            for _ in range(3):
                load.wait_for_more()
                before = gateways(server)
                psutil.Process(min(before)).kill()
                until(lambda old=before: len(gateways(server)) == GATEWAYS and gateways(server) != old)
            load.wait_for_more()
        books = server.wait_for_outcomes(len(load.whole))
    assert set(load.failures) <= {"ReadError", "RemoteProtocolError"}, "cut off, never refused"
    assert sum(load.failures.values()) <= 3 * CLIENTS
    assert agree(books)
    assert len(load.whole) <= books["stored"]
    assert books["begun"] <= len(load.whole) + sum(load.failures.values())


def test_bad_settings_leave_the_gateways_that_run_in_place(tmp_path: Path):
    with several(tmp_path, Provider()) as server:
        before = gateways(server)
        with Load(server) as load:
            (tmp_path / "transom.yaml").write_text("routes: {mine: {provider: nobody}}")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: said(server, "the settings were not reloaded") == GATEWAYS)
            server.process.send_signal(signal.SIGUSR2)
            until(lambda: said(server, "rolling restart given up"))
            load.wait_for_more()
        assert gateways(server) == before
        assert "mine" in httpx.get(f"{server.base_url}/v1/models").text
    assert load.failures == {}


def test_gateways_alone_share_a_port_are_replaced_and_drain(tmp_path: Path):
    port, log = free_port(), tmp_path / "stderr.log"
    command = [sys.executable, "-m", "transom", "gateway", "--data", str(tmp_path / "data"), "--port", str(port)]
    env = environment(TRANSOM_GATEWAYS="2", TRANSOM_SPOOL_KEY="a-key-for-tests")
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, env=env, stdout=stderr, stderr=stderr, cwd=tmp_path)
    server = Running(process, tmp_path / "data", log, port, 0)
    try:
        until(server.is_up)
        until(lambda: len(gateways(server)) == 2)
        first = gateways(server)
        roll(server)
        until(lambda: len(gateways(server)) == 2 and not gateways(server) & first)
        assert server.is_up()
    finally:
        assert server.stop() == 0


def test_gateways_listen_on_a_unix_socket(tmp_path: Path):
    path = tmp_path / "transom.sock"
    server = start(tmp_path, TRANSOM_HOST=f"unix:{path}", TRANSOM_GATEWAYS="2")
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
    try:
        until(lambda: f"listens on unix:{path}" in server.log.read_text())
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://transom") as client:
            # The built-in provider may be slower to start than the gateways.
            until(lambda: client.post("/v1/chat/completions", json=body, timeout=60).status_code == 200)
            answer = client.post("/v1/chat/completions", json=body, timeout=60)
        until(lambda: server.admin("/health/ready").status_code == 200)
        assert server.wait_for_trace(answer.headers["x-transom-trace-id"])["outcome"] == "stored"
    finally:
        assert server.stop() == 0
    assert not path.exists()
