"""uvicorn as our processes run it: silent, and back in the caller's hands after SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    """Drains on SIGTERM and then returns, instead of dying of the signal as uvicorn's own does."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self.handle_exit, sig, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What `on_exit` says, then the drain."""
        if self._on_exit:
            self._on_exit()
        super().handle_exit(sig, frame)


def server_config(app: Any, host: str, port: int, grace_s: float, **more: Any) -> uvicorn.Config:
    """No access log, no banner, no headers of its own; `grace_s` seconds for running requests."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(grace_s),
        **more,
    )
