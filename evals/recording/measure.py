"""How much one recorder records: from a full spool to the store, redaction and all.

    .venv/bin/python -m evals.recording.measure [--exchanges N] [--minutes M]

fills a spool, runs `transom recorder` on it and measures how fast it empties (with each profile; new texts of 4 KB, and
conversations of 16 turns); then serves for M minutes at 70 % of what `logs` did with new texts, and watches the lag.
Prints a table and keeps it as evals/recording/<date>.json. CPU time is that of the recorder and its redaction child.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from evals.recording.texts import ANSWER_CHARS, PROMPT_CHARS, Writer, fresh, sessions
from tests.running import TOKEN, running
from transom.capture.exchange import Capture
from transom.config import Settings
from transom.secret import load_secret
from transom.spool.format import Kind
from transom.spool.keys import find_key
from transom.spool.writer import SpoolWriter
from transom.store.completeness import completeness
from transom.store.engine import connect, migrate

KEY = "a-key-for-measuring"
SHARE = 0.7
KINDS: dict[str, Callable[[int, int], Iterator[Capture]]] = {"new texts": fresh, "conversations": sessions}


def fill(data: Path, captures: Iterator[Capture]) -> tuple[int, int]:
    """A spool as a gateway leaves it; gives how many exchanges and how many bytes of bodies."""
    settings = Settings(data=data)
    key = find_key(settings)
    writer = SpoolWriter(settings.spool_dir, data / "writers", key, 64 * 2**20, 2**40)
    count = size = 0
    for capture in captures:
        payload = msgspec.msgpack.encode(capture)
        writer.append(Kind.EXCHANGE, writer.begin(capture.started_at), capture.started_at, payload)
        count, size = count + 1, size + len(capture.request_body) + len(capture.response_body)
    writer.close()
    return count, size


async def stored(settings: Settings) -> int:
    engine = connect(settings.database)
    try:
        async with engine.connect() as connection:
            return int((await completeness(connection))["stored"])
    finally:
        await engine.dispose()


def drain(profile: str, kind: str, exchanges: int) -> dict[str, Any]:
    """How fast a recorder empties a spool, from its first exchange stored to its last."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        settings = Settings(data=data)
        load_secret(data, None)
        asyncio.run(migrate(settings.database))
        count, size = fill(data, KINDS[kind](exchanges, 1))
        env = os.environ | {"TRANSOM_REDACTION__PROFILE": profile}
        command = [sys.executable, "-m", "transom", "recorder", "--data", folder]
        recorder = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        first = wait(lambda: asyncio.run(stored(settings)), recorder)
        began, cpu = time.monotonic(), cpu_of(recorder.pid)
        wait(lambda: asyncio.run(stored(settings)) >= count, recorder)
        took, cpu = time.monotonic() - began, cpu_of(recorder.pid) - cpu
        recorder.send_signal(signal.SIGTERM)
        recorder.wait()
    done = count - first
    return {
        "profile": profile,
        "kind": kind,
        "exchanges": done,
        "exchanges_per_s": round(done / took, 1),
        "kb_per_s": round(size / 1000 * done / count / took, 1),
        "cpu_ms_per_exchange": round(1000 * cpu / done, 2),
    }


def wait(condition: Callable[[], int], process: subprocess.Popen[bytes]) -> int:
    while process.poll() is None:
        if found := condition():
            return found
        time.sleep(0.2)
    raise RuntimeError("the recorder ended")


def cpu_of(pid: int) -> float:
    """Seconds of a process and its children."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def sustain(rate: float, minutes: float) -> dict[str, Any]:
    """Serve new texts at a steady rate from the demo provider, and watch how far behind the recorder is."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        done = threading.Event()
        sender = threading.Thread(target=send, args=(server.base_url, rate, done))
        sender.start()
        lags: list[float] = []
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            time.sleep(2)
            lags.append(server.completeness()["lag_s"])
        done.set()
        sender.join()
        books = server.wait_for_outcomes(1)
    thirds = [lags[i * len(lags) // 3 : (i + 1) * len(lags) // 3] for i in range(3)]
    return {
        "rate": round(rate, 1),
        "minutes": minutes,
        "stored": books["stored"],
        "metadata_only": books["metadata_only"],
        "dropped": books["dropped"],
        "lag_s_median_by_third": [round(statistics.median(third), 2) for third in thirds],
        "lag_s_max": round(max(lags), 2),
    }


def send(base_url: str, rate: float, done: threading.Event) -> None:
    """An open loop: calls begin on time whatever became of those before."""
    asyncio.run(_send(base_url, rate, done))


async def _send(base_url: str, rate: float, done: threading.Event) -> None:
    writer = Writer(2)
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=base_url, timeout=60, limits=limits) as client, asyncio.TaskGroup() as group:
        due = time.monotonic()
        while not done.is_set():
            body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": writer.text(PROMPT_CHARS)}]}
            group.create_task(_call(client, body))
            due += 1 / rate
            await asyncio.sleep(max(0, due - time.monotonic()))


async def _call(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {TOKEN}"})
    answer.raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10)
    chosen = parser.parse_args()
    os.environ["TRANSOM_SPOOL_KEY"] = KEY
    drained = [drain(profile, kind, chosen.exchanges) for profile in ("fast", "logs", "strict") for kind in KINDS]
    table = Table("profile", "texts", "exchanges/s", "KB/s", "CPU ms an exchange", title="One recorder, one child")
    for row in drained:
        numbers = (row["exchanges_per_s"], row["kb_per_s"], row["cpu_ms_per_exchange"])
        table.add_row(row["profile"], row["kind"], *map(str, numbers))
    console = Console()
    console.print(table)
    slowest = next(row for row in drained if row["profile"] == "logs" and row["kind"] == "new texts")
    lag = sustain(SHARE * slowest["exchanges_per_s"], chosen.minutes) if chosen.minutes else None
    console.print(lag)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "prompt_chars": PROMPT_CHARS,
        "answer_chars": ANSWER_CHARS,
        "drained": drained,
        "sustained": lag,
    }
    (Path(__file__).parent / f"{result['date']}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
