"""From a finished exchange to its spool record, without ever making the client wait long."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from transom.capture.exchange import Capture
from transom.spool.format import LARGE_BYTES, Kind
from transom.spool.writer import SpoolError, SpoolWriter

log = structlog.get_logger()

LONGEST_WAIT_S = 0.05
"""What a client waits at worst for the record of its exchange, before the last byte."""


class Recording:
    """Appends captures: small ones at once, large ones (and synced ones) in a thread."""

    def __init__(self, writer: SpoolWriter, in_thread: bool) -> None:
        self._writer = writer
        self._always_in_thread = in_thread
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="spool")
        self._pending: set[asyncio.Future[None]] = set()

    def begin(self, started_at: int) -> int:
        """The number of a new exchange that began at that time (Unix ns)."""
        return self._writer.begin(started_at)

    async def append(self, seq: int, capture: Capture) -> None:
        """Record an exchange. Returns when it is in the spool, or after 50 ms, and goes on behind the scenes."""
        if self._writer.full and capture.content_lost is None:
            capture = without_content(capture, "spool_full")
        size = len(capture.request_body) + len(capture.response_body)
        if size < LARGE_BYTES and not self._always_in_thread:
            self.append_now(seq, capture)
            return
        job = asyncio.get_running_loop().run_in_executor(self._threads, self.append_now, seq, capture)
        self._pending.add(job)
        job.add_done_callback(self._pending.discard)
        await asyncio.wait([job], timeout=LONGEST_WAIT_S)

    def append_now(self, seq: int, capture: Capture) -> None:
        """Record an exchange on this thread. One that can't be written is counted as dropped."""
        try:
            self._writer.append(Kind.EXCHANGE, seq, capture.started_at, msgspec.msgpack.encode(capture))
        except SpoolError:
            log.error("an exchange was dropped", seq=seq)

    async def watch_disk(self) -> None:
        """Keep the bound on disk use in view, for ever."""
        while True:
            self._writer.measure()
            await asyncio.sleep(1)

    async def close(self) -> None:
        """Wait for what is being written, then end the writer."""
        if self._pending:
            await asyncio.wait(self._pending)
        self._threads.shutdown()
        self._writer.close()


def without_content(capture: Capture, why: str) -> Capture:
    """The same capture with its numbers and names, and without its bodies."""
    return msgspec.structs.replace(capture, request_body=b"", response_body=b"", content_lost=why)
