"""Whether Transom's gateway grows: its memory after many exchanges and after ten times as many."""

from __future__ import annotations

from typing import Any

from evals.relay import load, processes, transom
from evals.relay.gateways import Bench, Gateway
from evals.relay.load import Load

EXCHANGES = (20_000, 200_000)
STREAMS_IN = 10
"""One exchange in so many is a stream."""


def measure(bench: Bench) -> dict[str, Any]:
    """`{"sent", "rss_mb": [after the fewer, after all], "growth": share, "books"}`."""
    sizes, sent = [], 0
    with (
        bench.fresh() as here,
        load.provider(here.tools, here.folder) as provider,
        transom.running(here, provider) as gateway,
    ):
        for total in EXCHANGES:
            sent += _send(bench, gateway, total - sent)
            assert gateway.pid
            sizes.append(round(processes.rss_mb(gateway.pid), 1))
    growth = round(sizes[-1] / sizes[0] - 1, 4)
    return {"sent": sent, "rss_mb": sizes, "growth": growth, "books": gateway.books}


def _send(bench: Bench, gateway: Gateway, count: int) -> int:
    streams = count // STREAMS_IN
    loads = (Load(count=count - streams), Load(count=streams, stream=True))
    outcomes = [load.run(bench.tools, gateway.address, one) for one in loads]
    if failed := sum(outcome.sent - outcome.good for outcome in outcomes):
        raise RuntimeError(f"{failed} calls failed")
    return count
