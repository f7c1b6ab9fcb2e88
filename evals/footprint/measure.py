"""What Transom takes when it does nothing: memory of each process, time to the first answer, size of the install.

    .venv/bin/python evals/footprint/measure.py

prints a table and keeps it as evals/footprint/<date>.json. Memory is RSS and PSS (shared pages split among those
who share them) in MB, from /proc, ten seconds after the first trace was stored. Linux only.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console
from rich.table import Table

TOKEN = "footprint"
BODY = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(url: str, body: bytes | None = None) -> bytes:
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5) as answer:
        return bytes(answer.read())


def until(action: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while True:
        try:
            if found := action():
                return found
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children(int(child))


def memory(pid: int) -> dict[str, float]:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {name.lower(): round(int(fields[name.capitalize()].split()[0]) / 1024, 1) for name in ("Rss", "Pss")}


def name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    named = words[words.index("-m") + 1 :] if "-m" in words else words[1:]
    ours = {"transom.demo": "demo provider", "transom.redact.child": "redaction"}
    return named[1] if named[0] == "transom" else ours.get(named[0], named[0])


def needed(name: str, extras: frozenset[str] = frozenset(), seen: set[str] | None = None) -> set[str]:
    """The distribution and all that it needs to run here, by name."""
    seen = set() if seen is None else seen
    seen.add(canonicalize_name(name))
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        wanted = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in (extras or {""})
        )
        if wanted and (canonicalize_name(requirement.name) not in seen or requirement.extras):
            needed(requirement.name, frozenset(requirement.extras), seen)
    return seen


def installed_megabytes() -> float:
    """What `pip install transom` puts on the disk, bytecode not counted."""
    files = (file for name in needed("transom") for file in distribution(name).files or ())
    paths = {Path(str(file.locate())) for file in files if file.suffix != ".pyc"}
    return round(sum(path.stat().st_size for path in paths if path.is_file()) / 2**20, 1)


def measure() -> dict[str, Any]:
    port, admin_port = free_port(), free_port()
    own = {k: v for k, v in os.environ.items() if not k.startswith(("TRANSOM_", "OPENAI_", "ANTHROPIC_"))}
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "transom", "serve", "--data", data]
        command += ["--port", str(port), "--admin-port", str(admin_port)]
        started = time.monotonic()
        server = subprocess.Popen(command, env=own | {"TRANSOM_ADMIN_TOKEN": TOKEN}, stderr=subprocess.DEVNULL)
        try:
            until(lambda: call(f"http://127.0.0.1:{port}/v1/chat/completions", BODY))
            first_answer = time.monotonic() - started
            until(
                lambda: b'"stored":1' in call(f"http://127.0.0.1:{admin_port}/api/v1/completeness").replace(b" ", b"")
            )
            first_trace = time.monotonic() - started
            time.sleep(10)
            pids = [server.pid, *children(server.pid)]
            processes = {("supervisor" if pid == server.pid else name_of(pid)): memory(pid) for pid in pids}
        finally:
            server.terminate()
            server.wait()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "seconds_to_first_answer": round(first_answer, 2),
        "seconds_to_first_trace": round(first_trace, 2),
        "installed_mb": installed_megabytes(),
        "idle_mb": processes,
    }


def main() -> None:
    result = measure()
    table = Table("process", "RSS MB", "PSS MB", title=f"Idle, Python {result['python']}")
    for name, sizes in result["idle_mb"].items():
        table.add_row(name, str(sizes["rss"]), str(sizes["pss"]))
    console = Console()
    console.print(table)
    console.print(f"first answer after {result['seconds_to_first_answer']} s, first trace after", end=" ")
    console.print(f"{result['seconds_to_first_trace']} s; installed {result['installed_mb']} MB")
    (Path(__file__).parent / f"{result['date']}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
