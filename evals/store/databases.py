"""An empty database of our own to measure, and what its server takes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.db import Postgres

KINDS = ("sqlite", "postgresql")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Place:
    """Where a database is: its URL, and the process of its server where it has one."""

    url: str
    server: int | None = None

    def cpu_s(self) -> float:
        """CPU seconds that this process and the database's have taken."""
        servers = [self.server, *_children(self.server)] if self.server else []
        return sum(os.times()[:2]) + sum(map(_cpu_s, servers))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_s(pid: int) -> float:
    """Of a process and of its children that are gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * _TICK_S


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """A place for a database, gone afterwards. PostgreSQL has the settings it comes with, but `fsync` is off."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield Place(f"sqlite:///{folder}/transom.db")
        return
    server = Postgres()
    try:
        pid = (server.folder / "data" / "postmaster.pid").read_text().split()[0]
        yield Place(server.url("template_of_tests"), int(pid))
    finally:
        server.stop()
