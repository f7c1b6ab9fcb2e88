"""What is put under load, and what it takes to start it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.relay.load import Address, Tools


@dataclass(frozen=True)
class Bench:
    """Where measuring happens: `folder` for temporary files, `peers` for what is installed and kept between runs.

    `drain_s` is how long a recorder may go on after each turn.
    """

    tools: Tools
    folder: Path
    peers: Path
    drain_s: float

    @contextmanager
    def fresh(self) -> Iterator[Bench]:
        """The same with an empty folder, which goes afterwards: for one turn of one gateway."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield replace(self, folder=Path(folder))


@dataclass
class Gateway:
    """One that listens. `recorded` says what it keeps of each call; a recorder's books are there when it has ended."""

    name: str
    address: Address
    pid: int | None
    version: str
    recorded: str = "nothing"
    books: dict[str, Any] | None = None


Start = Callable[[Bench, int], AbstractContextManager[Gateway]]
"""Start a gateway before the provider on that port."""


class Missing(Exception):
    """A gateway that can't be installed or started here; the message says why."""


@contextmanager
def direct(bench: Bench, provider: int) -> Iterator[Gateway]:
    """No gateway at all."""
    yield Gateway("direct", Address(provider), None, "", recorded="")
