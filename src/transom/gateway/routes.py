"""Which provider a request goes to, under which path and model name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from transom.config import Settings
from transom.gateway.errors import Refused
from transom.gateway.upstream import Origin, parse_origin

ALIASES = ("/chat/completions", "/completions", "/embeddings", "/responses", "/messages")
"""Paths that some clients send when their base URL lacks `/v1`."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `model` is set where another name goes upstream; `api_key` where the gateway holds one.

    `addressed` is whether the caller itself chose this provider: only then does its own credential go there.
    """

    provider: str
    origin: Origin
    path: bytes
    route: str | None = None
    model: str | None = None
    api_key: str | None = None
    addressed: bool = True


class Routing(msgspec.Struct):
    """What routing needs of a JSON body."""

    model: str | None = None
    transom: msgspec.Raw = msgspec.Raw(b"")


_routing = msgspec.json.Decoder(Routing)


def read_routing(body: bytes) -> Routing:
    """The members that matter, or none of them if the body can't be read: then the provider says what is wrong."""
    try:
        return _routing.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Routing()


class Router:
    """Answers for one set of settings; a reload makes a new one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def route_names(self) -> list[str]:
        """Model names that the settings define."""
        return sorted(self._settings.routes)

    def resolve(self, raw_path: bytes, model: str | None, anthropic: bool) -> Target:
        """The target of a request. Raises Refused for a provider that doesn't exist."""
        path = raw_path.decode("latin-1")
        if path.rstrip("/") in ALIASES:
            path = f"/v1{path}"
        if path.startswith("/v1/") or path == "/v1":
            return self._by_model(path, model, anthropic)
        name, _, rest = path[1:].partition("/")
        return self._target(name, f"/{rest}")

    def _by_model(self, path: str, model: str | None, anthropic: bool) -> Target:
        default = self._settings.default_provider or ("anthropic" if anthropic else "openai")
        route = self._settings.routes.get(model) if model else None
        if route is None:
            return self._target(default, path)
        choice = route.choices[0]
        target = self._target(choice.provider, path)
        return replace(target, route=model, model=choice.model, addressed=choice.provider == default)

    def _target(self, name: str, path: str) -> Target:
        provider = self._settings.provider(name)
        if provider is None:
            here = f"http://{self._settings.host}:{self._settings.port}"
            raise Refused(
                404,
                "unknown_provider",
                f"there is no provider by that name. Use the base URL {here}/v1, or {here}/PROVIDER/v1 "
                "with a provider of the configuration.",
            )
        origin = parse_origin(provider.base_url)
        key = provider.api_key.get_secret_value() if provider.api_key else None
        return Target(name, origin, (origin.prefix + path).encode("latin-1"), api_key=key)
