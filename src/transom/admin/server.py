"""Runs the admin's app under uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import structlog
import uvicorn

from transom.admin.app import create_app
from transom.config import Settings
from transom.secret import Secret
from transom.store.engine import connect

log = structlog.get_logger()

DEMO_PROVIDER = "demo"
DEMO_NOTICE = (
    "No provider is configured: answers come from the built-in demo provider. "
    "Fill these pages with `transom demo`, or name a provider in the settings."
)
_GRACE_S = 5


class _Server(uvicorn.Server):
    """Returns after SIGTERM, instead of dying of the signal as uvicorn's own does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self.handle_exit, sig, None)
        yield


def notice(settings: Settings) -> str | None:
    """What every page is to say: that the demo provider answers, where it does."""
    return DEMO_NOTICE if settings.default_provider == DEMO_PROVIDER else None


async def serve(settings: Settings, secret: Secret) -> None:
    """Run the pages and the REST until SIGTERM."""
    engine = connect(settings.database)
    config = uvicorn.Config(
        create_app(settings, secret, engine, notice(settings)),
        host=settings.admin_host,
        port=settings.admin_port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    log.info("admin listens", host=settings.admin_host, port=settings.admin_port)
    await _Server(config).serve()
    await engine.dispose()
