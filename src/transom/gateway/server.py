"""Runs the gateway under uvicorn's server: a drain on SIGTERM, a reload on SIGHUP."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable

import structlog

from transom.asgi import Server, server_config
from transom.config import ConfigError, Settings
from transom.gateway.app import Gateway, make_router
from transom.gateway.downstream.connection import protocol
from transom.listen import tell_ready
from transom.process import allow_many_connections
from transom.secret import Secret

log = structlog.get_logger()


class GatewayServer(Server):
    """Tells the supervisor when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        tell_ready()

    def leave(self) -> None:
        """Drain, and stay ready until then: another serves the port in its place."""
        self.should_exit = True


async def serve(
    settings: Settings, secret: Secret, spool_key: bytes, sockets: list[socket.socket], reload: Callable[[], Settings]
) -> None:
    """Serve on listening sockets until SIGTERM, or SIGQUIT where another gateway has taken this one's place.

    SIGHUP reads providers and routes anew with `reload`.
    """
    allow_many_connections()
    gateway = Gateway(settings, secret, spool_key)
    config = server_config(
        gateway,
        settings.host,
        settings.port,
        settings.limits.drain_s,
        http=protocol(gateway.desk),
        lifespan="on",
        date_header=False,
    )
    server = GatewayServer(config, on_exit=gateway.stop_taking)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGQUIT, server.leave)
    loop.add_signal_handler(signal.SIGHUP, _reload, gateway, reload)
    # A supervisor holds it back until there is somebody to take it.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    log.info("gateway listens", host=settings.host, port=settings.port)
    await server.serve(sockets)


def _reload(gateway: Gateway, reload: Callable[[], Settings]) -> None:
    """Take over providers and routes from the settings as they are now; bad ones change nothing."""
    try:
        gateway.relay.router = make_router(reload())
    except ConfigError as error:
        log.error("the settings were not reloaded", reason=str(error))
    else:
        log.info("settings reloaded")
