"""Starts `transom serve` as a user does, and talks to it."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

TOKEN = "an-admin-token-for-tests"


_ports = random.SystemRandom()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses.

    From below those that the system hands out to connections, or one of these could take it before its server does.
    """
    while True:
        port = _ports.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def until(condition: Callable[[], T], seconds: float = 60) -> T:
    """The first true answer of `condition`, which may fail to connect meanwhile. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
        except httpx.TransportError:
            pass
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(0.02)


@dataclass
class Running:
    """A server under test."""

    process: subprocess.Popen[bytes]
    data: Path
    log: Path
    port: int
    admin_port: int
    token: str = TOKEN

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    def is_ready(self) -> bool:
        """Whether gateway and admin answer. Raises RuntimeError, with the log's end, if the server has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-3000:])
        return self.is_up() and self.admin("/health/ready").status_code == 200

    def is_up(self) -> bool:
        """Whether the gateway answers."""
        return httpx.get(f"{self.base_url}/health/ready").status_code == 200

    def chat(self, prompt: str, **more: Any) -> httpx.Response:
        """One chat completion, whole."""
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}], **more}
        return httpx.post(f"{self.base_url}/v1/chat/completions", json=body, timeout=60)

    def admin(self, path: str, **params: Any) -> httpx.Response:
        """A GET of the admin's REST."""
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.admin_url}{path}", headers=headers, params=params, timeout=60)

    def completeness(self) -> dict[str, Any]:
        found: dict[str, Any] = self.admin("/api/v1/completeness").json()
        return found

    def wait_for_outcomes(self, exchanges: int, seconds: float = 120) -> dict[str, Any]:
        """Until that many exchanges have an outcome and none is on its way."""

        def settled() -> dict[str, Any] | None:
            now = self.completeness()
            return now if now["begun"] >= exchanges and not now["in_flight"] else None

        return until(settled, seconds)

    def trace(self, trace_id: str) -> dict[str, Any] | None:
        answer = self.admin(f"/api/v1/traces/{trace_id}")
        return answer.json() if answer.status_code == 200 else None

    def wait_for_trace(self, trace_id: str, seconds: float = 60) -> dict[str, Any]:
        return until(lambda: self.trace(trace_id), seconds) or {}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of ours, on this server's data folder. Raises CalledProcessError where it fails."""
        whole = [sys.executable, "-m", "transom", *arguments, "--data", str(self.data)]
        env = environment(COLUMNS="200")
        return subprocess.run(whole, env=env, cwd=self.data.parent, capture_output=True, text=True, check=True)

    def stop(self) -> int:
        """SIGTERM, and how it ended. One that doesn't is killed, and TimeoutExpired raised."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings or keys that would change what is tested."""
    ours = ("TRANSOM_", "OPENAI_", "ANTHROPIC_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return env | {"TRANSOM_ADMIN_TOKEN": TOKEN, **settings}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    """A server with its data under `folder`, on free ports; `settings` are environment variables."""
    folder.mkdir(parents=True, exist_ok=True)
    it = start(folder, **settings)
    try:
        until(it.is_ready)
        yield it
    finally:
        if it.process.poll() is None:
            it.stop()


def start(
    folder: Path, *options: str, port: int | None = None, admin_port: int | None = None, **settings: str
) -> Running:
    """As `running`, without waiting and without an end; `options` are more of the command line."""
    port, admin_port = port or free_port(), admin_port or free_port()
    command = [sys.executable, "-m", "transom", "serve", "--data", str(folder / "data"), *options]
    command += ["--port", str(port), "--admin-port", str(admin_port)]
    log = folder / "stderr.log"
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, env=environment(**settings), stdout=stderr, stderr=stderr, cwd=folder)
    return Running(process, folder / "data", log, port, admin_port)
