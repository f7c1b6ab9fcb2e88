"""Where a provider listens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a provider, and the path before its API's.

    The scheme is `http`, `https` or `unix`; for a Unix socket, `host` is the socket's path and the port is 0.
    """

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> bytes:
        """The Host header. Behind a Unix socket it is `localhost`, as curl sends it."""
        if self.scheme == "unix":
            return b"localhost"
        default = 443 if self.scheme == "https" else 80
        return (self._bracketed if self.port == default else f"{self._bracketed}:{self.port}").encode()

    @property
    def host_and_port(self) -> bytes:
        """The target of a CONNECT, which names the port always (RFC 9110 §9.3.6)."""
        return f"{self._bracketed}:{self.port}".encode()

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=1024)
def parse_origin(base_url: str) -> Origin:
    """An origin from a provider's base_url: `https://host[:port][/prefix]` or `unix:/path/of.sock`.

    Raises ValueError if the port is no number or the host is no name (UnicodeError is one).
    """
    if base_url.startswith("unix:"):
        return Origin("unix", base_url.removeprefix("unix:"), 0, "")
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if not host.isascii():
        host = host.encode("idna").decode()
    return Origin(parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))
