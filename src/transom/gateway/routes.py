"""Which providers a request may go to and in which order, under which path and model name."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from math import log
from random import random
from typing import Any

import msgspec

from transom.config import MACHINE_WIRES, PUBLIC_PROVIDERS, Provider, Route, RouteTarget, Settings, Wire
from transom.gateway.errors import Refused
from transom.gateway.upstream import Origin, parse_origin

ALIASES = frozenset((b"/chat/completions", b"/completions", b"/embeddings", b"/responses", b"/messages"))
"""Paths that some clients send when their base URL lacks `/v1`."""
CHAT = b"/v1/chat/completions"

USAGE_HOSTS = (".api.openai.com", ".openai.azure.com")
USAGE_SERVERS = frozenset(("ollama",))
"""Who gives a chat stream's usage when asked, in OpenAI's form, and changes nothing else: OpenAI and Azure by the host
(or one below it), servers that people run themselves by the name that they have in the settings.

OpenAI: API reference, `stream_options`; Azure: its v1 API, while `/deployments/` refuses the option in the older
versions that `api-version` can name; Ollama: since 0.5.2. Not here are Groq, Mistral and OpenRouter, which give it
unasked (Mistral refuses to be asked), vLLM, which moves another member when asked, and those that differ by model.
"""


class Target(msgspec.Struct, frozen=True):
    """Where a request goes. `model` is set where another name goes upstream; `api_key` where the gateway holds one.

    `addressed` is whether the caller itself chose this provider: only then does its own credential go there. `wire` is
    what the provider speaks; a `translated` request goes to the translator instead. `include_usage` is whether a stream
    is to be asked for its usage.
    """

    provider: str
    origin: Origin
    path: bytes
    route: str | None = None
    model: str | None = None
    api_key: str | None = None
    addressed: bool = True
    wire: Wire = "openai"
    include_usage: bool = False
    translated: bool = False

    def __repr__(self) -> str:
        return f"Target(provider={self.provider!r}, route={self.route!r}, model={self.model!r})"

    @property
    def carries_credential(self) -> bool:
        """Whether the caller's own credential may go along: then there is one such attempt and no other."""
        return self.addressed and self.api_key is None and not (self.translated and self.wire in MACHINE_WIRES)

    @property
    def upstream(self) -> tuple[str, str | None]:
        """Provider and model: what fails and recovers as one."""
        return self.provider, self.model or self.route


class Plan(msgspec.Struct, frozen=True):
    """The targets of a request in the order to try them. `retries` is how many attempts may follow the first."""

    targets: tuple[Target, ...]
    retries: int = 0
    first_byte_s: float | None = None


class Routing(msgspec.Struct):
    """What routing needs of a JSON body."""

    model: str | None = None
    stream: bool | None = None
    prompt_cache_key: str | None = None
    transom: msgspec.Raw = msgspec.Raw(b"")


class _Loose(msgspec.Struct):
    """The same members with any value."""

    model: Any = None
    stream: Any = None
    prompt_cache_key: Any = None
    transom: msgspec.Raw = msgspec.Raw(b"")


_routing = msgspec.json.Decoder(Routing)
_loose = msgspec.json.Decoder(_Loose)


def read_routing(body: bytes) -> Routing:
    """The members that matter, or none of them if the body can't be read: then the provider says what is wrong."""
    try:
        return _routing.decode(body)
    except msgspec.ValidationError:
        return _read_usable(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Routing()


def _read_usable(body: bytes) -> Routing:
    """The members whose type is right: a wrong one must not take the model, and with it the route, from a request."""
    try:
        loose = _loose.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Routing()
    return Routing(
        loose.model if isinstance(loose.model, str) else None,
        loose.stream is True,
        loose.prompt_cache_key if isinstance(loose.prompt_cache_key, str) else None,
        loose.transom,
    )


@dataclass(frozen=True, slots=True)
class _Upstream:
    """What the settings say of a provider."""

    name: str
    origin: Origin
    prefix: bytes
    api_key: str | None = field(repr=False)
    wire: Wire
    include_usage: bool | None
    gives_usage: bool

    @classmethod
    def of(cls, name: str, provider: Provider) -> _Upstream:
        origin = parse_origin(provider.base_url)
        key = provider.api_key.get_secret_value() if provider.api_key else None
        gives_usage = f".{origin.host}".endswith(USAGE_HOSTS) or name in USAGE_SERVERS
        prefix = origin.prefix.encode()
        return cls(name, origin, prefix, key, provider.speaks, provider.include_usage, gives_usage)


@dataclass(frozen=True, slots=True)
class _Choice:
    """One target of a route. `identity` is the provider and model that stickiness knows it by."""

    upstream: _Upstream
    model: str | None
    weight: float
    include_usage: bool | None
    identity: bytes

    @classmethod
    def of(cls, upstream: _Upstream, target: RouteTarget, route: Route) -> _Choice:
        wanted = upstream.include_usage if route.include_usage is None else route.include_usage
        identity = f"{upstream.name}\0{target.model or ''}\0".encode()
        return cls(upstream, target.model, target.weight, wanted, identity)

    def turn(self, stick_to: str | None) -> float:
        """When it is this target's turn: a draw, or for a key always the same number. The smallest goes first.

        Exponential arrivals whose rates are the weights: each comes first in proportion to its weight, and so on among
        the rest (Efraimidis and Spirakis, 2006). With a hash for the draw it is weighted rendezvous hashing (Thaler and
        Ravishankar, 1998): a target that comes or goes moves no key between two others.
        """
        return -log(_hashed(self.identity, stick_to) if stick_to else 1 - random()) / self.weight  # noqa: S311


def _hashed(identity: bytes, key: str) -> float:
    """A number in (0, 1] that depends on nothing else, so that every process and every start has the same."""
    digest = blake2b(identity + key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return ((int.from_bytes(digest) >> 11) + 0.5) / 2**53


class _Way:
    """A route, ready to be drawn from."""

    def __init__(self, route: Route, upstreams: dict[str, _Upstream]) -> None:
        choices = [_Choice.of(upstreams[target.provider], target, route) for target in route.choices]
        self.weighted = [choice for choice in choices if choice.weight]
        self.spare = [choice for choice in choices if not choice.weight]
        self.retries, self.first_byte_s = route.retries, route.first_byte_s

    def order(self, stick_to: str | None) -> list[_Choice]:
        """The first by weight, the others by weight among the rest, then those of weight 0 as they are listed."""
        if len(self.weighted) == 1:
            return self.weighted + self.spare
        return sorted(self.weighted, key=lambda choice: choice.turn(stick_to)) + self.spare


class Router:
    """Answers for one set of settings; a reload makes a new one. What settings alone decide is worked out here once.

    `translator` is where chat completions go whose provider doesn't speak OpenAI's API; without it they go as they are.
    """

    def __init__(self, settings: Settings, translator: Origin | None = None) -> None:
        names = {*PUBLIC_PROVIDERS, *settings.providers}
        known = {name: _Upstream.of(name, found) for name in names if (found := settings.provider(name))}
        self._upstreams = {name.encode(): upstream for name, upstream in known.items()}
        self._ways = {name: _Way(route, known) for name, route in settings.routes.items()}
        self._chosen_default = settings.default_provider is not None
        self._default = known[settings.default_provider or "openai"]
        self._anthropic_default = known[settings.default_provider or "anthropic"]
        self._translator = translator
        self._here = f"http://{settings.host}:{settings.port}"

    @property
    def route_names(self) -> list[str]:
        """Model names that the settings define."""
        return sorted(self._ways)

    def plan(self, raw_path: bytes, model: str | None, anthropic: bool, stick_to: str | None = None) -> Plan:
        """The targets of a request. Calls with the same `stick_to` have the same first target while it is there.

        Only a route has several targets or retries. Raises Refused for a provider that doesn't exist.
        """
        path = raw_path
        if not path.startswith(b"/v1/"):
            if path.rstrip(b"/") in ALIASES:
                path = b"/v1" + path
            elif path != b"/v1":
                return Plan((self._addressed(path),))
        default = self._anthropic_default if anthropic else self._default
        way = self._ways.get(model) if model else None
        if way is None:
            return Plan((self._target(default, path, default.include_usage, translate=self._chosen_default),))
        targets = [
            self._target(one.upstream, path, one.include_usage, True, model, one.model, one.upstream is default)
            for one in way.order(stick_to)
        ]
        return Plan(tuple(targets), way.retries, way.first_byte_s)

    def _addressed(self, path: bytes) -> Target:
        name, _, rest = path[1:].partition(b"/")
        upstream = self._upstreams.get(name)
        if upstream is None:
            raise Refused(
                404,
                "unknown_provider",
                f"there is no provider by that name. Use the base URL {self._here}/v1, or {self._here}/PROVIDER/v1 "
                "with a provider of the configuration.",
            )
        return self._target(upstream, b"/" + rest, upstream.include_usage)

    def _target(
        self,
        upstream: _Upstream,
        path: bytes,
        include_usage: bool | None,
        translate: bool = False,
        route: str | None = None,
        model: str | None = None,
        addressed: bool = True,
    ) -> Target:
        origin, sent = upstream.origin, upstream.prefix + path
        translated = False
        if translate and upstream.wire != "openai" and self._translator and path.rstrip(b"/") == CHAT:
            origin, sent, translated = self._translator, b"/" + upstream.name.encode() + CHAT, True
        if not sent.endswith(b"/chat/completions"):
            include_usage = False
        elif include_usage is None:
            include_usage = translated or (upstream.gives_usage and b"/deployments/" not in sent)
        key, wire = upstream.api_key, upstream.wire
        return Target(upstream.name, origin, sent, route, model, key, addressed, wire, include_usage, translated)
