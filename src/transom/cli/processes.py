"""`transom serve`, and each of its processes alone."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console

from transom.cli.app import app
from transom.cli.start import (
    AdminPortOption,
    ConfigOption,
    DataOption,
    PortOption,
    explained,
    fail,
    or_fail,
    settings_and_secret,
)
from transom.config import Settings, load


@app.command()
def serve(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run everything on this machine."""
    from transom.listen import release
    from transom.spool.keys import find_or_make_key
    from transom.store.archive.files import check_archive
    from transom.supervise import Processes
    from transom.supervise import serve as serve_all

    settings, _ = settings_and_secret("supervisor", config, data, port, admin_port)
    or_fail(check_archive, settings.retention.archive)
    sockets = _bind(settings.host, settings.port, "--port")
    release(_bind(settings.admin_host, settings.admin_port, "--admin-port"))
    demo_port = None if _has_provider(settings) else _free_port()
    key, is_found_again = or_fail(find_or_make_key, settings)
    arguments = list(_arguments(config, settings))
    processes = Processes(settings, arguments, sockets, None if is_found_again else key, demo_port)
    raise typer.Exit(asyncio.run(serve_all(processes, lambda: _announce(settings, demo_port))))


def _has_provider(settings: Settings) -> bool:
    keys = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    return bool(settings.providers or settings.default_provider or any(os.environ.get(key) for key in keys))


def _bind(host: str, port: int, option: str) -> list[socket.socket]:
    """Listen now, or fail with advice, rather than in a child that would be started again and again."""
    from transom.listen import bind

    try:
        return bind(host, port)
    except OSError as error:
        place = host if host.startswith("unix:") else f"{host}:{port}"
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        fail(f"can't listen on {place} ({why}): choose another with {option}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _arguments(config: Path | None, settings: Settings) -> Iterator[str]:
    if config:
        yield from ("--config", str(config))
    yield from ("--data", str(settings.data), "--port", str(settings.port), "--admin-port", str(settings.admin_port))


def _announce(settings: Settings, demo_port: int | None) -> None:
    from transom.admin.token import admin_token

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if settings.host.startswith("unix:"):
        console.print(f"Transom: listens on {settings.host}")
    else:
        console.print(f"Transom: OPENAI_BASE_URL=http://{settings.host}:{settings.port}/v1")
    console.print(f"Admin:   http://{settings.admin_host}:{settings.admin_port}", end="")
    console.print("" if settings.admin_token else f"   token: {admin_token(settings)}")
    if demo_port:
        console.print("No provider is configured: answers come from the built-in demo provider.")
        console.print("Fill the pages with `transom demo`; use a real provider with providers in --config FILE.")


@app.command()
def gateway(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the relay alone."""
    from transom.gateway.server import serve as serve_gateway
    from transom.listen import inherited
    from transom.spool.keys import find_key
    from transom.supervise import Processes, serve_gateways
    from transom.translate.providers import in_use

    settings, secret = settings_and_secret("gateway", config, data, port, admin_port)
    key = or_fail(find_key, settings)
    handed_down = inherited()
    sockets = handed_down or _bind(settings.host, settings.port, "--port")
    if (settings.gateways > 1 or in_use(settings)) and not handed_down:
        asyncio.run(serve_gateways(Processes(settings, list(_arguments(config, settings)), sockets, key)))
    else:
        explained(serve_gateway(settings, secret, key, sockets, lambda: load(config, data=data, port=port)))


@app.command()
def translator(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the translation to other providers' APIs alone."""
    from transom.translate.server import run

    settings, _ = settings_and_secret("translator", config, data, port, admin_port)
    explained(run(settings))


@app.command()
def recorder(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the recorder of this host alone."""
    from transom.record.run import run
    from transom.spool.keys import find_keys

    settings, secret = settings_and_secret("recorder", config, data, port, admin_port)
    explained(run(settings, secret, or_fail(find_keys, settings)))


@app.command()
def worker(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the background jobs alone."""
    from transom.worker import run

    settings, _ = settings_and_secret("worker", config, data, port, admin_port)
    explained(run(settings))


@app.command()
def admin(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the admin pages and REST alone."""
    from transom.admin.server import serve as serve_admin

    settings, secret = settings_and_secret("admin", config, data, port, admin_port)
    explained(serve_admin(settings, secret))
