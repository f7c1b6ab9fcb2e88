"""A fresh checkout on a fresh account: `make setup` and `make run` need nothing else and leave nothing elsewhere.

pip may take downloads from this account's cache. With TRANSOM_FULL_INSTALL=1 it fetches them all.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.running import TOKEN, Running, free_port, until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Checkout:
    """A copy of the product's files, and an environment with an empty home."""

    folder: Path
    env: dict[str, str]

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--no-print-directory", *arguments]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=900)

    def top_level(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name, "transom"), Path(name, "home")
        home.mkdir()
        copy_checkout(folder)
        yield Checkout(folder, environment(home))


def copy_checkout(folder: Path) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def environment(home: Path) -> dict[str, str]:
    """What a login gives, and what this machine needs to reach its package index."""
    network = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "REQUESTS_", "http_", "https_", "no_proxy")
    env = {name: value for name, value in os.environ.items() if name.startswith(network)}
    if not os.environ.get("TRANSOM_FULL_INSTALL"):
        cache = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True)
        if cache.returncode == 0:
            env["PIP_CACHE_DIR"] = cache.stdout.strip()
    return env | {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHON": sys.executable}


def test_make_alone_lists_the_commands(checkout: Checkout):
    listed = checkout.make()
    assert {"make setup", "make run", "make test"} <= {line[:16].strip() for line in listed.stdout.splitlines()}


def test_setup_then_run_serves_a_trace(checkout: Checkout):
    before = checkout.top_level()
    done = checkout.make("setup")
    assert done.returncode == 0, done.stdout + done.stderr
    assert checkout.make("--question", "setup").returncode == 0, "a second setup has nothing to do"
    assert checkout.top_level() - before == {".venv"}
    serve_and_check(checkout)
    assert checkout.top_level() - before == {".venv", "transom-data"}
    # pip asks a Rust compiler, where there is one, for its version, and rustup makes itself at home then.
    assert {path.name for path in Path(checkout.env["HOME"]).iterdir()} <= {".rustup"}


def serve_and_check(checkout: Checkout) -> None:
    port, admin_port = free_port(), free_port()
    ours = {"TRANSOM_PORT": str(port), "TRANSOM_ADMIN_PORT": str(admin_port), "TRANSOM_ADMIN_TOKEN": TOKEN}
    log = checkout.folder.parent / "stderr.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            ["make", "run"], cwd=checkout.folder, env=checkout.env | ours, stdout=stderr, stderr=stderr, process_group=0
        )
    server = Running(process, checkout.folder / "transom-data", log, port, admin_port)
    try:
        until(lambda: httpx.get(f"{server.base_url}/health/ready").status_code == 200, seconds=120)
        trace_id = server.chat("Where is my order?").headers["x-transom-trace-id"]
        trace = server.wait_for_trace(trace_id)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
    assert trace["outcome"] == "stored", log.read_text()
