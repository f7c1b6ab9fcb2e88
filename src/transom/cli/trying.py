"""Commands to look at an installation and to try it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from transom.cli.app import app
from transom.cli.start import AdminPortOption, ConfigOption, DataOption, PortOption, fail, or_fail, settings_and_secret
from transom.config import ConfigError, Settings, load
from transom.secret import Secret


@app.command("check-config")
def check_config(config: ConfigOption = None) -> None:
    """Read the settings and say what is wrong with them."""
    from transom.store.archive.files import check_archive

    settings: Settings = or_fail(load, config)
    or_fail(check_archive, settings.retention.archive)
    typer.echo("The settings are good.")


@app.command()
def doctor(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
    prove: Annotated[bool, typer.Option("--prove", help="Send a canary, and look for it everywhere.")] = False,
    gateway: Annotated[str | None, typer.Option(help="The gateway's address, if it is on another machine.")] = None,
    log: Annotated[list[Path] | None, typer.Option(help="A log file to search for the canary, too.")] = None,
) -> None:
    """Look at an installation, and say what is well and what to do about the rest."""
    from transom import doctor as checks

    settings, secret = settings_and_secret("doctor", config, data, port, admin_port)
    given = {"gateway": gateway, "logs": [*settings.proof.logs, *(log or [])]}
    proof = settings.proof.model_copy(update={name: value for name, value in given.items() if value})
    settings = settings.model_copy(update={"proof": proof})
    console = Console(soft_wrap=True)
    found = asyncio.run(checks.examine(settings))
    console.print(checks.shown(found))
    well = all(check.ok for check in found)
    if prove:
        well = _prove(settings, secret, console)
    raise typer.Exit(0 if well else 1)


def _prove(settings: Settings, secret: Secret, console: Console) -> bool:
    from transom.doctor import shown_proof
    from transom.prove.run import prove
    from transom.prove.traffic import Unfinished

    try:
        proof = asyncio.run(prove(settings, secret))
    except Unfinished as error:
        fail(f"no proof could be made: {error}")
    except ConfigError as error:
        fail(str(error))
    console.print(shown_proof(proof))
    return proof.holds


@app.command()
def redact(
    profile: Annotated[str | None, typer.Option(help="fast, logs, strict or one of your own.")] = None,
    spans: Annotated[bool, typer.Option("--spans", help='JSONL {"text"} in, {"spans"} out.')] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Redact standard input to standard output."""
    from transom.redact.cli import UnreadableLine, redact_stream
    from transom.redact.problems import ModelMismatch

    settings, secret = settings_and_secret("redact", config, data, None, None)
    try:
        for line in redact_stream(sys.stdin, settings, secret, profile, spans):
            sys.stdout.write(line)
    except (ConfigError, ModelMismatch, UnreadableLine) as error:
        fail(str(error))


@app.command()
def demo(
    base_url: Annotated[str, typer.Option(help="The gateway's address.")] = "http://127.0.0.1:4000",
    exchanges: Annotated[int, typer.Option(help="How many exchanges to send.")] = 200,
    seconds: Annotated[float, typer.Option(help="Over how long to spread them.")] = 120,
) -> None:
    """Send a few minutes' worth of sample traffic, with thumbs up and down."""
    from transom.demo.traffic import send

    typer.echo(asyncio.run(send(base_url, exchanges, seconds)))
