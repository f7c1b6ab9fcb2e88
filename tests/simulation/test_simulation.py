"""Promise 3 under seeds: 10,000 against a model of a database, some of them against the store over SQLite."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.db import sqlite_template
from tests.simulation.books import RealStore
from tests.simulation.play import play
from tests.simulation.world import simulate
from transom.secret import Secret
from transom.store.engine import connect

__all__ = ["sqlite_template"]

SEEDS = 10_000
CHUNK = 1_000
STORE_SEEDS = 100


def test_some_seeds() -> None:
    seen, broken = play(range(150))
    assert not broken
    assert {"stored", "dropped:gateway_died", "dropped:spool_error", "metadata_only:spool_full"} <= set(seen)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_is_lost_or_counted_twice(first: int) -> None:
    seen, broken = play(range(first, first + CHUNK))
    assert not broken
    assert seen["stored"] > 0.4 * seen.total()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
async def test_nor_with_the_store_itself(part: int, sqlite_template: Path, tmp_path: Path) -> None:
    kept = 0
    for seed in range(part, STORE_SEEDS, 4):
        path = shutil.copy(sqlite_template, tmp_path / f"{seed}.db")
        store = RealStore(connect(f"sqlite:///{path}"), "host-1", Secret(b"s" * 32))
        try:
            await simulate(seed, store)
            kept += len(await store.traces())
        finally:
            await store.engine.dispose()
        path.unlink()
    assert kept > STORE_SEEDS


async def test_a_seed_tells_the_same_story_again() -> None:
    first, second = await simulate(42), await simulate(42)
    assert first.story == second.story
    assert first.exchanges == second.exchanges
    assert await first.database.traces() == await second.database.traces()
