"""What every command begins with: settings, secret, logging, and mistakes told in words."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from transom.config import ConfigError, Settings, load
from transom.process import configure_logging, end_with_parent, harden
from transom.secret import Secret, load_secret

ConfigOption = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="The folder for database, spool and keys.")]
PortOption = Annotated[int | None, typer.Option("--port", help="The gateway's port.")]
AdminPortOption = Annotated[int | None, typer.Option("--admin-port", help="The admin pages' port.")]


def settings_and_secret(
    process: str, config: Path | None, data: Path | None, port: int | None, admin_port: int | None
) -> tuple[Settings, Secret]:
    """What every process starts with: settings, secret, logging, and no way to leak by a crash."""
    settings = settings_alone(process, config, data, port=port, admin_port=admin_port)
    settings.data.mkdir(parents=True, exist_ok=True)
    configured = settings.secret_key.get_secret_value() if settings.secret_key else None
    try:
        return settings, load_secret(settings.data, configured)
    except ValueError as error:
        fail(str(error))


def settings_alone(process: str, config: Path | None, data: Path | None, **overrides: Any) -> Settings:
    """As `settings_and_secret`, where a secret must not be made: a backup brings its own."""
    settings: Settings = or_fail(lambda: load(config, data=data, **overrides))
    harden()
    configure_logging(settings.log_level, process)
    os.umask(0o077)
    return settings


def fail(message: str) -> NoReturn:
    """End, and say why on stderr."""
    Console(stderr=True, soft_wrap=True).print(f"transom: {message}", style="red", markup=False, highlight=False)
    raise typer.Exit(2)


def or_fail(action: Any, *args: Any) -> Any:
    """What `action` gives; a mistake in the settings ends the program."""
    try:
        return action(*args)
    except ConfigError as error:
        fail(str(error))


def run_main(main: Coroutine[Any, Any, Any]) -> None:
    """Run a child's main on uvloop where there is one; it ends when its supervisor does."""
    if supervisor := os.environ.get("TRANSOM_SUPERVISED"):
        # It may have died while we started; then nobody would tell us to stop.
        end_with_parent(int(supervisor))
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    uvloop.run(main)


def explained(main: Coroutine[Any, Any, Any]) -> None:
    """As `run_main`, with mistakes that a person can mend told in words."""
    try:
        run_main(main)
    except ConfigError as error:
        fail(str(error))
