"""Many slow streams at once: whether all end well, what each takes, how soon the provider learns that clients left."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import httpx
import msgspec

from evals.relay import load, nginx, processes, transom
from evals.relay.gateways import Bench, Gateway, Start
from evals.relay.load import Load, Outcome
from tests.running import until

STREAMS, CANCELLED = 2_000, 100
GAP_MS = 250
"""Between two of the 64 events of a stream: it lasts 16 s."""

Generator = subprocess.Popen[bytes]


def measure(bench: Bench) -> dict[str, dict[str, Any]]:
    """A row each for nginx and Transom."""
    roomy = {"TRANSOM_LIMITS__CONNECTIONS_PER_PROVIDER": str(2 * STREAMS)}
    starts: dict[str, Start] = {
        "nginx": nginx.running,
        "transom": lambda bench, provider: transom.running(bench, provider, **roomy),
    }
    return {name: hold(bench, start) for name, start in starts.items()}


def hold(bench: Bench, start: Start) -> dict[str, Any]:
    """2,000 streams through a gateway, of which 100 are left by their clients on the way."""
    with (
        bench.fresh() as here,
        load.provider(here.tools, here.folder, GAP_MS) as provider,
        start(here, provider) as gateway,
    ):
        assert gateway.pid
        plain = load.run(bench.tools, load.Address(provider), Load(connections=1, count=1, stream=True))
        warm = load.run(bench.tools, gateway.address, Load(count=load.CONNECTIONS))
        rss_mb, cpu_s = processes.rss_mb(gateway.pid), processes.cpu_s(gateway.pid)
        numbers = (STREAMS - CANCELLED, CANCELLED)
        with _generate(bench, gateway, numbers[0]) as staying, _generate(bench, gateway, numbers[1]) as leaving:
            until(lambda: _stats(provider)["active"] == STREAMS)
            left_s = _cancel(leaving, provider)
            outcome = _outcome(staying)
        cpu_s = processes.cpu_s(gateway.pid) - cpu_s
        held_mb = processes.peak_mb(gateway.pid) - rss_mb
    return {
        "sent": warm.sent + STREAMS,
        "streams": STREAMS,
        "whole": outcome.good,
        "unlike": outcome.unlike + (outcome.digest != plain.digest),
        "cancelled": CANCELLED,
        "provider_learned_ms": round(left_s * 1000, 1),
        "rss_kb_per_stream": round(held_mb * 1024 / STREAMS, 1),
        "cpu_us_per_stream": round(cpu_s * 1e6 / STREAMS, 1),
        "books": gateway.books,
    }


def _generate(bench: Bench, gateway: Gateway, count: int) -> Generator:
    one = Load(connections=count, count=count, stream=True)
    return subprocess.Popen(load.command(bench.tools, gateway.address, one), stdout=subprocess.PIPE)


def _cancel(leaving: Generator, provider: int) -> float:
    """Seconds from when clients left until the provider knew of the last."""
    leaving.kill()
    began = time.monotonic()
    until(lambda: _stats(provider)["aborted"] >= CANCELLED)
    return time.monotonic() - began


def _outcome(generator: Generator) -> Outcome:
    assert generator.stdout
    return msgspec.json.decode(generator.stdout.read(), type=Outcome)


def _stats(provider: int) -> dict[str, int]:
    """What the mock has `served`, how many clients `aborted`, how many calls are `active`."""
    found: dict[str, int] = httpx.get(f"http://127.0.0.1:{provider}/stats").json()
    return found
