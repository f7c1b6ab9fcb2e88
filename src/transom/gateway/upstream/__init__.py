"""The HTTP/1.1 client of the relay: keep-alive pools per origin on asyncio and httptools.

Bodies come out as they arrive, one piece a read from the socket, still compressed. Redirects are never followed.
Read `client` first. `pool` keeps connections, `connection` is one of them, `dial` opens them by the way that `proxies`
chooses.
"""

from transom.gateway.upstream.client import Client, Response
from transom.gateway.upstream.connection import HIGH_WATER
from transom.gateway.upstream.origin import Origin, parse_origin
from transom.gateway.upstream.types import ClientLimits, RawHeaders, UpstreamError

__all__ = [
    "HIGH_WATER",
    "Client",
    "ClientLimits",
    "Origin",
    "RawHeaders",
    "Response",
    "UpstreamError",
    "parse_origin",
]
