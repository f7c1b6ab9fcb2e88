"""A connection without a socket: bytes go straight to the parser's way in."""

from __future__ import annotations

import asyncio

from transom.gateway.upstream.connection import Clock, Connection


class Wire(asyncio.Transport):
    """Stands in for a socket's transport: keeps what was written, and whether reading is paused or the wire was cut."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = self.cut = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def abort(self) -> None:
        self.cut = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def wired(loop: asyncio.AbstractEventLoop) -> tuple[Connection, Wire]:
    """A connection that was just made."""
    connection, wire = Connection(Clock(loop), 60, lambda _: None), Wire()
    connection.connection_made(wire)
    return connection, wire
