"""Servers of the tests' own, each in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_thread(start: Callable[[], Awaitable[Any]]) -> Iterator[int]:
    """The port of the server that `start` gives, which is `asyncio.Server` or works like one."""
    port: Future[int] = Future()
    over = threading.Event()

    async def serve() -> None:
        async with await start() as server:
            port.set_result(server.sockets[0].getsockname()[1])
            await asyncio.to_thread(over.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if port.done():
                raise
            port.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield port.result(timeout=20)
    finally:
        over.set()
        thread.join(timeout=20)
