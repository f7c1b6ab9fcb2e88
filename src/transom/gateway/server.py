"""Runs the gateway's app under uvicorn: bounded request heads, a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from transom.asgi import Server, server_config
from transom.config import ConfigError, Settings
from transom.gateway.app import Gateway
from transom.gateway.errors import Refused, error_body
from transom.gateway.relay import CutOff
from transom.gateway.routes import Router
from transom.secret import Secret

log = structlog.get_logger()


def _limited(header_bytes: int, gateway: Gateway) -> type[HttpToolsProtocol]:
    """uvicorn's HTTP protocol with a bound on the size of a request's head, which it lacks."""

    class LimitedProtocol(HttpToolsProtocol):
        _head_bytes = 0
        _in_head = True
        _unfinished = 0
        _too_large = False

        def on_message_begin(self) -> None:
            self._in_head, self._head_bytes = True, 0
            super().on_message_begin()

        def on_header(self, name: bytes, value: bytes) -> None:
            self._head_bytes += len(name) + len(value)
            self._too_large = self._too_large or self._head_bytes > header_bytes
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._in_head = False
            if not self._too_large:
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self._too_large:
                super().on_body(body)

        def on_message_complete(self) -> None:
            if not self._too_large:
                super().on_message_complete()

        def data_received(self, data: bytes) -> None:
            if self._too_large:
                return
            super().data_received(data)
            # A header that never ends isn't told to on_header.
            self._unfinished = self._unfinished + len(data) if self._in_head else 0
            if self._too_large or self._unfinished > header_bytes + len(data):
                self._refuse_head()

        def _refuse_head(self) -> None:
            self._too_large = True
            code, limit = "headers_too_large", header_bytes // 1024
            refused = Refused(431, code, f"the request's headers are over the limit of {limit} KB.")
            body = error_body(refused, anthropic=False)
            head = f"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: {len(body)}\r\n"
            head += "content-type: application/json\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode() + body)
            self.transport.close()
            gateway.relay.note_refused(refused)

    return LimitedProtocol


async def serve(settings: Settings, secret: Secret, spool_key: bytes, reload: Callable[[], Settings]) -> None:
    """Run a gateway until SIGTERM; SIGHUP reads providers and routes anew with `reload`."""
    gateway = Gateway(settings, secret, spool_key)
    protocol = _limited(settings.limits.header_bytes, gateway)
    config = server_config(
        gateway,
        settings.host,
        settings.port,
        settings.limits.drain_s,
        http=protocol,
        lifespan="on",
        date_header=False,
        timeout_keep_alive=75,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, gateway, reload)
    log.info("gateway listens", host=settings.host, port=settings.port)
    await Server(config, on_exit=gateway.stop_taking).serve()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's says more than that a client was cut off on purpose, as its provider was."""
    return not (record.exc_info and isinstance(record.exc_info[1], CutOff))


def _reload(gateway: Gateway, reload: Callable[[], Settings]) -> None:
    """Take over providers and routes from the settings as they are now; bad ones change nothing."""
    try:
        gateway.relay.router = Router(reload())
    except ConfigError as error:
        log.error("the settings were not reloaded", reason=str(error))
    else:
        log.info("settings reloaded")
