"""Every setting, read once: defaults, then the YAML file, then the environment.

Secrets come only from the environment (`TRANSOM_ADMIN_TOKEN`) or a file that it names (`TRANSOM_ADMIN_TOKEN_FILE`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

PREFIX = "TRANSOM_"
RESERVED_PROVIDERS = frozenset({"v1", "health", "metrics", "_transom"})
SECRETS = frozenset({"api_key", "admin_token", "secret_key", "spool_key", "spool_key_previous"})


class ConfigError(Exception):
    """A setting that can't be used; the message names the file and the key and says what to do."""


def _absolute_url(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("must be http:// or https:// and a host")
    return url.rstrip("/")


def _upstream_url(url: str) -> str:
    if url.startswith("unix:/"):
        return url
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("must be http:// or https:// and a host, or unix: and the path of a socket")
    return url.rstrip("/")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


Wire = Literal["openai", "anthropic", "gemini", "vertex_ai", "bedrock", "cohere", "ollama"]
"""The API that a provider speaks."""
MACHINE_WIRES: frozenset[Wire] = frozenset(("bedrock", "vertex_ai"))
"""Those whose translation uses the credentials of this machine: AWS's, Google's."""


class Provider(_Section):
    """Where a provider lives. With an `api_key` the gateway puts its own in place of the caller's.

    `speaks` is the API that chat completions are translated to on a route. `include_usage`: whether streams are asked
    for their usage; null: where the provider is known to give it.
    """

    base_url: Annotated[str, AfterValidator(_upstream_url)]
    api_key: SecretStr | None = None
    speaks: Wire = "openai"
    include_usage: bool | None = None


class RouteTarget(_Section):
    """One provider of a route. Without `model`, the name goes upstream as it is. Weight 0: only when others fail."""

    provider: str
    model: str | None = None
    weight: float = Field(1, ge=0)


class Route(_Section):
    """What a model name that apps use stands for: one `provider` and `model`, or several `targets`.

    `retries` is how often more a failed call is tried in all, where the gateway holds the key.
    """

    provider: str | None = None
    model: str | None = None
    targets: list[RouteTarget] = []
    retries: int = Field(2, ge=0, le=10)
    first_byte_s: float | None = Field(None, gt=0)
    include_usage: bool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.provider is None) == (not self.targets):
            raise ValueError("needs either a provider or targets")
        if self.targets and self.model is not None:
            raise ValueError("model belongs to each of the targets")
        if self.targets and not any(target.weight for target in self.targets):
            raise ValueError("at least one target needs a weight above 0")
        return self

    @property
    def choices(self) -> list[RouteTarget]:
        """The targets, in either form."""
        return self.targets or [RouteTarget(provider=self.provider or "", model=self.model)]


class Limits(_Section):
    """Sizes in bytes, times in seconds."""

    connect_s: float = 5
    first_byte_s: float = 3600
    between_bytes_s: float = 3600
    drain_s: float = 300
    body_bytes: int = 100 * 2**20
    header_bytes: int = 64 * 2**10
    connections_per_provider: int = 10_000


class Spool(_Section):
    """Where captures wait, encrypted, until they are recorded. `fsync` survives power loss, at a price per call."""

    dir: Path | None = None
    max_bytes: int = 2 * 2**30
    file_bytes: int = 64 * 2**20
    fsync: bool = False


class Redaction(_Section):
    """What is looked for and how. `file` replaces the shipped redaction.yaml.

    `routes` and `projects` name profiles of their own; a project's goes before a route's. `sample` is the share of
    messages that the profile `strict` reads again, to estimate what redaction misses.
    """

    file: Path | None = None
    profile: str = "logs"
    routes: dict[str, str] = {}
    projects: dict[str, str] = {}
    placeholders: Literal["tagged", "plain"] = "tagged"
    ids: Literal["keep", "hash"] = "keep"
    index: bool = False
    processes: int = Field(1, ge=1, le=64)
    timeout_s: float = Field(20, gt=0)
    max_chars: int = 500_000
    cache_bytes: int = Field(64 * 2**20, ge=0)
    sample: float = Field(0.01, ge=0, le=1)

    def profile_of(self, project_id: str, route: str | None = None) -> str:
        """The profile for a project's content on a route. Without one: the project's, for its ids and feedback."""
        default = self.profile if route is None else self.routes.get(route, self.profile)
        return self.projects.get(project_id, default)

    @property
    def profiles(self) -> dict[str, str]:
        """Every profile that is used, and a setting that names it."""
        named = {
            **{f"redaction.projects.{project}": name for project, name in self.projects.items()},
            **{f"redaction.routes.{route}": name for route, name in self.routes.items()},
            "redaction.profile": self.profile,
        }
        return {name: setting for setting, name in named.items()}


class Feedback(_Section):
    """Thumbs. `origins` may post with a feedback token from a browser; tokens expire after `token_ttl_s` seconds."""

    origins: list[str] = []
    token_ttl_s: int = 7 * 24 * 3600


class Kept(_Section):
    """Days that traces are kept, and their content; null keeps them."""

    days: int | None = Field(None, ge=1)
    content_days: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _content_goes_first(self) -> Self:
        if self.days and self.content_days and self.content_days > self.days:
            raise ValueError("content_days is more than days: content can't be kept longer than its trace")
        return self


class Retention(Kept):
    """How long traces are kept. `projects` have limits of their own; `archive` is a folder for traces that expire."""

    projects: dict[str, Kept] = {}
    archive: Path | None = None


class Proof(_Section):
    """The canary's way: `gateway` and `admin` where they aren't on this machine, and log files to search as well."""

    daily: bool = True
    gateway: Annotated[str, AfterValidator(_absolute_url)] | None = None
    admin: Annotated[str, AfterValidator(_absolute_url)] | None = None
    logs: list[Path] = []


class Prices(_Section):
    """`file` replaces the shipped prices.json."""

    file: Path | None = None


PUBLIC_PROVIDERS = {
    "openai": "https://api.openai.com",
    "anthropic": "https://api.anthropic.com",
    "cohere": "https://api.cohere.com",
    "deepseek": "https://api.deepseek.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "groq": "https://api.groq.com/openai",
    "mistral": "https://api.mistral.ai",
    "ollama": "http://127.0.0.1:11434",
    "openrouter": "https://openrouter.ai/api",
    "together": "https://api.together.xyz",
}
"""Providers known by name, so that `/groq/v1/…` works unconfigured. Any of them can be given another base_url."""

PUBLIC_WIRES: dict[str, Wire] = {"anthropic": "anthropic", "cohere": "cohere", "gemini": "gemini"}
"""What the known providers speak that don't speak OpenAI's API."""


class Settings(BaseSettings):
    """All settings. `providers` holds the configured ones on top of `PUBLIC_PROVIDERS`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: int = 4000
    gateways: int = Field(1, ge=1, le=64)
    admin_host: str = "127.0.0.1"
    admin_port: int = 4001
    data: Path = Path("transom-data")
    database_url: SecretStr | None = None
    default_provider: str | None = None
    providers: dict[str, Provider] = {}
    routes: dict[str, Route] = {}
    limits: Limits = Limits()
    spool: Spool = Spool()
    redaction: Redaction = Redaction()
    feedback: Feedback = Feedback()
    retention: Retention = Retention()
    proof: Proof = Proof()
    prices: Prices = Prices()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    admin_token: SecretStr | None = None
    secret_key: SecretStr | None = None
    spool_key: SecretStr | None = None
    spool_key_previous: SecretStr | None = None

    @field_validator("providers", mode="before")
    @classmethod
    def _fill_in_public_addresses(cls, given: Any) -> Any:
        """A provider known by name needs no base_url, so that its key alone can be given."""
        if not isinstance(given, dict):
            return given
        known = {name: _public(name) for name in PUBLIC_PROVIDERS}
        return {name: known.get(name, {}) | one if isinstance(one, dict) else one for name, one in given.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which arrives as `init_settings`."""
        return _FileAwareEnv(settings_cls), init_settings

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the store."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data.absolute() / 'transom.db'}"

    @property
    def spool_dir(self) -> Path:
        """The folder of the spool's writers."""
        return self.spool.dir or self.data / "spool"

    def provider(self, name: str) -> Provider | None:
        """The provider of that name, configured or public."""
        known = self.providers.get(name)
        if known is None and name in PUBLIC_PROVIDERS:
            known = Provider.model_validate(_public(name))
        return known


def _public(name: str) -> dict[str, Any]:
    return {"base_url": PUBLIC_PROVIDERS[name], "speaks": PUBLIC_WIRES.get(name, "openai")}


class _FileAwareEnv(EnvSettingsSource):
    """The environment, with each `NAME_FILE` read as `NAME`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = {k.lower(): v for k, v in os.environ.items() if k.upper().startswith(PREFIX)}
        for name in [n for n in found if n.endswith("_file") and _is_secret(n)]:
            found[name.removesuffix("_file")] = _read_secret(name, found.pop(name))
        return found


def _is_secret(name: str) -> bool:
    return name.removesuffix("_file").endswith(tuple(SECRETS | {"database_url"}))


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigError(f"{name.upper()}: can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name.upper()}: can't read {path}: not text") from None


def load(file: Path | None = None, **overrides: Any) -> Settings:
    """Settings from `file` and the environment; `overrides` (the command line) win.

    Raises ConfigError for an unreadable file, an unknown key or a bad value.
    """
    content = _read_yaml(file) if file else {}
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error, file))) from None
    except SettingsError as error:
        # Its message names the field and the class that read it, not the value.
        problem = str(error).partition(" from source")[0]
        raise ConfigError(f"environment: {problem}: write lists and mappings as JSON") from None
    chosen = {name: value for name, value in overrides.items() if value is not None}
    settings = settings.model_copy(update=chosen)
    _check(settings)
    return settings


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_bytes()) or {}
    except OSError as error:
        raise ConfigError(f"{file}: can't read it: {error.strerror}") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise ConfigError(f"{file}: not valid YAML{f' at line {place.line + 1}' if place else ''}") from None
    # pydantic-settings would take a name that begins with an underscore as an option of its own.
    if not isinstance(content, dict) or not all(isinstance(n, str) and n[:1] != "_" for n in content):
        raise ConfigError(f"{file}: must hold settings as `name: value`")
    for key in _secret_keys(content):
        raise ConfigError(f"{file}: {key}: secrets come from the environment; set {PREFIX}{_env_name(key)}")
    if urlsplit(str(content.get("database_url") or "")).password:
        raise ConfigError(f"{file}: database_url: holds a password; set {PREFIX}DATABASE_URL in the environment")
    return _without_nulls(content)


def _without_nulls(content: dict[str, Any]) -> dict[str, Any]:
    """A section whose every line is commented out reads as null, and means its defaults."""
    given = {name: value for name, value in content.items() if value is not None}
    return {name: _without_nulls(value) if isinstance(value, dict) else value for name, value in given.items()}


def _secret_keys(content: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in content.items():
        path = f"{above}{name}"
        if name in SECRETS and value is not None:
            yield path
        elif isinstance(value, dict):
            yield from _secret_keys(value, f"{path}.")


def _env_name(path: str) -> str:
    return path.upper().replace(".", "__")


def _explain(error: ValidationError, file: Path | None) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        where = f"{file or 'environment'}: {key}" if key else str(file or "environment")
        if problem["type"] == "extra_forbidden":
            close = get_close_matches(str(problem["loc"][-1]), Settings.model_fields, n=1)
            yield f"{where}: unknown setting" + (f"; did you mean {close[0]}?" if close else "")
        else:
            yield f"{where}: {problem['msg']} (or {PREFIX}{_env_name(key)} in the environment)"


def _check(settings: Settings) -> None:
    for name in settings.providers:
        if name in RESERVED_PROVIDERS:
            raise ConfigError(f"providers.{name}: `{name}` is a path of Transom's own; choose another name")
    for name, route in settings.routes.items():
        for target in route.choices:
            if settings.provider(target.provider) is None:
                raise ConfigError(f"routes.{name}: no provider `{target.provider}`; add it under providers")
    for name in settings.redaction.routes:
        if name not in settings.routes:
            raise ConfigError(f"redaction.routes.{name}: no route `{name}`; add it under routes")
    if settings.default_provider and settings.provider(settings.default_provider) is None:
        raise ConfigError(f"default_provider: no provider `{settings.default_provider}`; add it under providers")
    held = [name for name, one in settings.providers.items() if one.api_key or one.speaks in MACHINE_WIRES]
    if held and not _is_loopback(settings.host):
        raise ConfigError(
            f"host: {settings.host} would lend the key of {', '.join(held)} to anyone who can reach it; "
            "bind to 127.0.0.1, or let clients send their own keys"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def local_url(host: str, port: int) -> str:
    """Where a server of this machine that is bound to `host` can be reached from this machine."""
    if host.startswith("unix:"):
        return host
    if host in ("0.0.0.0", "::"):  # noqa: S104 (it is what we look for)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def shipped(name: str) -> Path:
    """The path of a file of config/ (`prices.json`, `redaction.yaml`, `transom.yaml`), in a wheel or a checkout."""
    here = Path(__file__).parent
    packaged = here / "defaults" / name
    return packaged if packaged.exists() else here.parents[1] / "config" / name
