"""Runs the gateway's app under uvicorn: bounded request heads, a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transom.config import ConfigError, Settings
from transom.gateway.app import Gateway
from transom.gateway.errors import Refused, error_body
from transom.gateway.routes import Router
from transom.secret import Secret

log = structlog.get_logger()


def _limited(header_bytes: int, gateway: Gateway) -> type[HttpToolsProtocol]:
    """uvicorn's HTTP protocol with a bound on the size of a request's head, which it lacks."""

    class LimitedProtocol(HttpToolsProtocol):
        _head_bytes = 0
        _in_head = True

        def on_message_begin(self) -> None:
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head, self._head_bytes = False, 0
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                self._head_bytes += len(data)
            super().data_received(data)
            if self._in_head and self._head_bytes > header_bytes:
                self._refuse_head()

        def _refuse_head(self) -> None:
            code, limit = "headers_too_large", header_bytes // 1024
            refused = Refused(431, code, f"the request's headers are over the limit of {limit} KB.")
            body = error_body(refused, anthropic=False)
            head = f"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: {len(body)}\r\n"
            head += "content-type: application/json\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode() + body)
            self.transport.close()
            gateway.relay.note_refused(refused)

    return LimitedProtocol


class _Server(uvicorn.Server):
    """Drains on SIGTERM and then returns, instead of dying of the signal as uvicorn's own does."""

    gateway: Gateway
    reload: Callable[[], Settings]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self.handle_exit, sig, None)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        yield

    def _reload(self) -> None:
        """Take over providers and routes from the settings as they are now; bad ones change nothing."""
        try:
            self.gateway.relay.router = Router(self.reload())
        except ConfigError as error:
            log.error("the settings were not reloaded", reason=str(error))
        else:
            log.info("settings reloaded")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.gateway.ready = False
        super().handle_exit(sig, frame)


async def serve(settings: Settings, secret: Secret, spool_key: bytes, reload: Callable[[], Settings]) -> None:
    """Run a gateway until SIGTERM; SIGHUP reads providers and routes anew with `reload`."""
    gateway = Gateway(settings, secret, spool_key)
    config = uvicorn.Config(
        gateway,
        host=settings.host,
        port=settings.port,
        http=_limited(settings.limits.header_bytes, gateway),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.limits.drain_s),
    )
    server = _Server(config)
    server.gateway = gateway
    server.reload = reload
    log.info("gateway listens", host=settings.host, port=settings.port)
    await server.serve()
