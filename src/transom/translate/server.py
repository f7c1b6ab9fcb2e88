"""Runs the translator under uvicorn, on a Unix socket that this user alone can reach."""

from __future__ import annotations

import asyncio
import logging
import signal

import structlog

from transom.asgi import Server, server_config
from transom.config import Settings
from transom.listen import inherited, tell_ready
from transom.translate.app import CutOff, Translator
from transom.translate.library import load
from transom.translate.place import listen, translator_socket

log = structlog.get_logger()

_KEEP_ALIVE_S = 3600
"""The gateway ends idle connections: it must not find that we did."""


async def run(settings: Settings) -> None:
    """Serve on the socket that a supervisor handed down, else on our own, until SIGTERM; then finish what has begun."""
    sockets = inherited() or [listen(translator_socket(settings))]
    app = Translator(settings, load())
    config = server_config(
        app, "", 0, settings.limits.drain_s, lifespan="off", date_header=False, timeout_keep_alive=_KEEP_ALIVE_S
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    server = Server(config)
    asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGQUIT, None)
    tell_ready()
    log.info("translator listens")
    await server.serve(sockets)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's says more than that a stream was cut on purpose, as the provider's was."""
    return not (record.exc_info and isinstance(record.exc_info[1], CutOff))
