"""Plays seeds: `--seed N` one of them, with its story; `--seeds N` so many from `--first` on, on all cores."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.simulation.play import play_many
from tests.simulation.world import World, simulate


def replay(seed: int) -> None:
    """Play a seed with its log and its story; an error ends it."""
    world = World(seed)
    try:
        asyncio.run(simulate(seed, world=world))
    finally:
        sys.stdout.write(f"{world.plan}\n{' '.join(world.story)}\n")
        sys.stdout.writelines(f"{exchange}\n" for exchange in world.exchanges)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.seed is not None:
        replay(chosen.seed)
        return
    seen, broken = play_many(chosen.first, chosen.seeds)
    sys.stdout.write(f"{chosen.seeds} seeds, {seen.total()} exchanges: {dict(seen.most_common())}\n")
    sys.stdout.writelines(f"seed {seed}: {what}\n" for seed, what in sorted(broken))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
