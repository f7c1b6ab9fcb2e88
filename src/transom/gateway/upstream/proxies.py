"""Which proxy leads to a provider, as the environment says."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from transom.config import ConfigError
from transom.gateway.upstream.origin import Origin


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `authorization` is what Proxy-Authorization says, from the user info of the proxy's URL."""

    scheme: str
    host: str
    port: int
    authorization: bytes | None = field(default=None, repr=False)

    @property
    def header(self) -> bytes:
        """The Proxy-Authorization header with the line end before it, or nothing."""
        return b"\r\nproxy-authorization: " + self.authorization if self.authorization else b""

    def connect_request(self, origin: Origin) -> bytes:
        """A request for a tunnel to the origin (RFC 9110 §9.3.6)."""
        place = origin.host_and_port
        return b"CONNECT %b HTTP/1.1\r\nhost: %b%b\r\n\r\n" % (place, place, self.header)


class Proxies:
    """The proxies of an environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, the lower-case forms first.

    As with curl and httpx, the provider's scheme chooses the variable, ALL_PROXY stands for both schemes, and an empty
    lower-case variable switches the upper-case one off. NO_PROXY lists hosts (with all their subdomains), addresses and
    networks, each with a port or without; `*` is everything. Loopback addresses are never proxied, as in Go's net/http
    and other than with curl: a proxy can't reach them, and the gateway calls itself and models on its machine there.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises ConfigError for a proxy that isn't `http://` or `https://`."""
        both = _read(environ, "all_proxy")
        self._by_scheme = {
            scheme: _parse(f"{scheme}_proxy", _read(environ, f"{scheme}_proxy") or both) for scheme in ("http", "https")
        }
        self._exempt = [entry.strip().lower() for entry in _read(environ, "no_proxy").split(",") if entry.strip()]

    def of(self, origin: Origin) -> Proxy | None:
        """The proxy that leads to an origin; None: go there directly."""
        proxy = self._by_scheme.get(origin.scheme)
        if proxy is None or _is_loopback(origin.host) or any(_covers(one, origin) for one in self._exempt):
            return None
        return proxy


def _read(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, environ.get(name.upper(), "")).strip()


def _parse(variable: str, url: str) -> Proxy | None:
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError(
            f"{variable.upper()} (or ALL_PROXY) in the environment: must be http:// or https:// and a host"
        )
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    authorization = b"Basic " + b64encode(user.encode()) if user != ":" else None
    return Proxy(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), authorization)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _covers(entry: str, origin: Origin) -> bool:
    """Whether an entry of NO_PROXY means the origin."""
    if entry == "*":
        return True
    name, _, port = entry.rpartition(":") if entry.count(":") == 1 or "]:" in entry else (entry, "", "")
    if port and port != str(origin.port):
        return False
    name = name.strip("[]")
    try:
        return ip_address(origin.host) in ip_network(name, strict=False)
    except ValueError:
        name = name.removeprefix("*").removeprefix(".")
        return origin.host == name or origin.host.endswith(f".{name}")
