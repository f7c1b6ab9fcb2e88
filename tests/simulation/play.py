"""Many seeds, on all cores."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import structlog
from rich.progress import track

from tests.simulation.disk import Killed
from tests.simulation.world import simulate

CHUNK = 250


def play(seeds: Iterable[int]) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Outcomes of all exchanges by name, and the seeds that broke a promise, with what broke."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return asyncio.run(_play(seeds))
    finally:
        structlog.configure(**before)


async def _play(seeds: Iterable[int]) -> tuple[Counter[str], list[tuple[int, str]]]:
    seen: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    for seed in seeds:
        try:
            world = await simulate(seed)
            seen += (await world.database.outcomes())[1]
        except (Exception, Killed) as error:
            broken.append((seed, f"{type(error).__name__}: {error}"))
    return seen, broken


def play_many(first: int, seeds: int) -> tuple[Counter[str], list[tuple[int, str]]]:
    """As `play`, on all cores."""
    chunks = [range(at, min(at + CHUNK, first + seeds)) for at in range(first, first + seeds, CHUNK)]
    seen: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found, failed in track(pool.map(play, chunks), "seeds", len(chunks)):
            seen += found
            broken += failed
    return seen, broken
