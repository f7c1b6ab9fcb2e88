"""The load generator, the provider behind the gateways, and what came of a load."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from evals.relay import processes
from evals.relay.processes import OTHER_CORE, Command
from tests.running import free_port

CONNECTIONS = 64
EVENTS = 64
"""In each stream."""


class Tools(msgspec.Struct, frozen=True):
    """The programs, built. `provider` is the mock of the load tools, `generator` our own load.c."""

    provider: Path
    generator: Path


def build(sources: Path, folder: Path) -> Tools:
    """Compile into `folder`. Raises FileNotFoundError where `sources`, the folder of the load tools, lacks the mock."""
    mock = sources / "mock_upstream.c"
    if not mock.exists():
        raise FileNotFoundError(f"there is no {mock}: name the folder of the load tools with --tools")
    tools = Tools(folder / "provider", folder / "generator")
    for source, target in ((mock, tools.provider), (Path(__file__).with_name("load.c"), tools.generator)):
        subprocess.run(["gcc", "-O2", "-w", "-o", target, source], check=True)
    return tools


@contextmanager
def provider(tools: Tools, folder: Path, gap_ms: float = 0) -> Iterator[int]:
    """A provider on the other core; gives its port. Its streams pause for `gap_ms` between events."""
    port = free_port()
    command: Command = [tools.provider, str(port), str(EVENTS), "0", str(gap_ms)]
    with processes.running(command, OTHER_CORE, folder / "provider.log", partial(processes.listens, port)):
        yield port


@dataclass(frozen=True)
class Address:
    """Where and how a gateway wants its chat completions."""

    port: int
    path: str = "/v1/chat/completions"
    model: str = "gpt-4o-mini"
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """Rate 0 is a closed loop: each connection asks again when it has its answer. `count` ends it before `seconds`."""

    connections: int = CONNECTIONS
    rate: float = 0
    seconds: float = 0
    count: int = 0
    stream: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What the generator saw. Times are in ms, of whole answers that were good and of their bodies' first bytes.

    `unlike` counts pieces of bodies that differed from what other answers had in the same place.
    """

    sent: int
    done: int
    failed: int
    unlike: int
    seconds: float
    p50_ms: float
    p99_ms: float
    first_p50_ms: float
    first_p99_ms: float
    body_bytes: int
    digest: str

    @property
    def good(self) -> int:
        """Answers that came whole and with status 200."""
        return self.done - self.failed


def command(tools: Tools, address: Address, load: Load) -> list[str]:
    """How to run the generator on the other core."""
    numbers = (load.connections, load.rate, load.seconds, load.count, int(load.stream))
    return [
        *("taskset", "-c", str(OTHER_CORE), str(tools.generator)),
        *(str(address.port), address.path, address.model, *map(str, numbers), *address.headers),
    ]


def run(tools: Tools, address: Address, load: Load) -> Outcome:
    """Put a load on a gateway and wait for its end."""
    done = subprocess.run(command(tools, address, load), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr[-500:]}")
    return msgspec.convert(json.loads(done.stdout), Outcome)
