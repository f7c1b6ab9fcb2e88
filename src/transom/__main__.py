"""The command line."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from transom import __version__
from transom.config import ConfigError, Settings, load
from transom.process import configure_logging, end_with_parent, harden
from transom.secret import Secret, load_secret

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
prices = typer.Typer(no_args_is_help=True, help="The price list.")
app.add_typer(prices, name="prices")
archive = typer.Typer(no_args_is_help=True, help="Traces that have expired.")
app.add_typer(archive, name="archive")
spool = typer.Typer(no_args_is_help=True, help="What waits to be recorded.")
app.add_typer(spool, name="spool")

ConfigOption = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="The folder for database, spool and keys.")]
PortOption = Annotated[int | None, typer.Option("--port", help="The gateway's port.")]
AdminPortOption = Annotated[int | None, typer.Option("--admin-port", help="The admin pages' port.")]


def _settings(
    process: str, config: Path | None, data: Path | None, port: int | None, admin_port: int | None
) -> tuple[Settings, Secret]:
    """What every process starts with: settings, secret, logging, and no way to leak by a crash."""
    settings = _settings_alone(process, config, data, port=port, admin_port=admin_port)
    settings.data.mkdir(parents=True, exist_ok=True)
    configured = settings.secret_key.get_secret_value() if settings.secret_key else None
    try:
        return settings, load_secret(settings.data, configured)
    except ValueError as error:
        _fail(str(error))


def _settings_alone(process: str, config: Path | None, data: Path | None, **overrides: Any) -> Settings:
    """As `_settings`, where a secret must not be made: a backup brings its own."""
    settings: Settings = _or_fail(lambda: load(config, data=data, **overrides))
    harden()
    configure_logging(settings.log_level, process)
    os.umask(0o077)
    return settings


def _fail(message: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(f"transom: {message}", style="red", markup=False, highlight=False)
    raise typer.Exit(2)


def _run(main: Coroutine[Any, Any, Any]) -> None:
    """Run a child's main on uvloop where there is one; it ends when its supervisor does."""
    if supervisor := os.environ.get("TRANSOM_SUPERVISED"):
        # It may have died while we started; then nobody would tell us to stop.
        end_with_parent(int(supervisor))
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    uvloop.run(main)


def _explained(main: Coroutine[Any, Any, Any]) -> None:
    """As `_run`, with mistakes that a person can mend told in words."""
    try:
        _run(main)
    except ConfigError as error:
        _fail(str(error))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"transom {__version__}")
        raise typer.Exit


@app.callback()
def transom(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """See what your LLM traffic does, without seeing who is in it."""


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

    settings, _ = _settings("supervisor", config, data, port, admin_port)
    _or_fail(check_archive, settings.retention.archive)
    sockets = _bind(settings.host, settings.port, "--port")
    release(_bind(settings.admin_host, settings.admin_port, "--admin-port"))
    demo_port = None if _has_provider(settings) else _free_port()
    key, is_found_again = _or_fail(find_or_make_key, settings)
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
        _fail(f"can't listen on {place} ({why}): choose another with {option}")


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

    settings, secret = _settings("gateway", config, data, port, admin_port)
    key = _or_fail(find_key, settings)
    handed_down = inherited()
    sockets = handed_down or _bind(settings.host, settings.port, "--port")
    if (settings.gateways > 1 or in_use(settings)) and not handed_down:
        asyncio.run(serve_gateways(Processes(settings, list(_arguments(config, settings)), sockets, key)))
    else:
        _explained(serve_gateway(settings, secret, key, sockets, lambda: load(config, data=data, port=port)))


@app.command()
def translator(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the translation to other providers' APIs alone."""
    from transom.translate.server import run

    settings, _ = _settings("translator", config, data, port, admin_port)
    _explained(run(settings))


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

    settings, secret = _settings("recorder", config, data, port, admin_port)
    _explained(run(settings, secret, _or_fail(find_keys, settings)))


def _or_fail(action: Any, *args: Any) -> Any:
    try:
        return action(*args)
    except ConfigError as error:
        _fail(str(error))


@app.command()
def worker(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the background jobs alone."""
    from transom.worker import run

    settings, _ = _settings("worker", config, data, port, admin_port)
    _explained(run(settings))


@app.command()
def admin(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Run the admin pages and REST alone."""
    from transom.admin.server import serve as serve_admin

    settings, secret = _settings("admin", config, data, port, admin_port)
    _explained(serve_admin(settings, secret))


@app.command()
def migrate(
    config: ConfigOption = None,
    data: DataOption = None,
    port: PortOption = None,
    admin_port: AdminPortOption = None,
) -> None:
    """Bring the database to this version's schema."""
    from transom.store.engine import migrate as migrate_store

    settings, _ = _settings("migrate", config, data, port, admin_port)
    _explained(migrate_store(settings.database))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Write database, secret and admin token to one file, while everything runs."""
    from transom.store.backup.backup import backup as write_backup

    settings = _settings_alone("backup", config, data)
    with _progress_bar() as show:
        _explained(write_backup(settings, file, show))
    typer.echo(f"{file}: {file.stat().st_size / 1e6:,.1f} MB. It holds keys: keep it where nobody else can read it.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `transom backup` wrote.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Put a backup into an empty data folder and database."""
    from transom.store.backup.restore import restore as read_backup

    settings = _settings_alone("restore", config, data)
    with _progress_bar() as show:
        _explained(read_backup(settings, file, show))
    typer.echo(f"{file}: restored. `transom serve` goes on from there.")


@contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """On a terminal, shows the bytes done of each thing that is told to it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done)

        yield show


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"


@archive.command("query")
def query_archive(
    sql: Annotated[str, typer.Argument(help="One SELECT over the view `traces`.")],
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Ask the archive in SQL (DuckDB's); it can only be read."""
    from transom.store.archive.query import print_query

    settings = _settings_alone("archive", config, data)
    _or_fail(print_query, settings.retention.archive, sql, format.value)


@app.command("check-config")
def check_config(config: ConfigOption = None) -> None:
    """Read the settings and say what is wrong with them."""
    from transom.store.archive.files import check_archive

    settings: Settings = _or_fail(load, config)
    _or_fail(check_archive, settings.retention.archive)
    typer.echo("The settings are good.")


@app.command()
def demo(
    base_url: Annotated[str, typer.Option(help="The gateway's address.")] = "http://127.0.0.1:4000",
    exchanges: Annotated[int, typer.Option(help="How many exchanges to send.")] = 200,
    seconds: Annotated[float, typer.Option(help="Over how long to spread them.")] = 120,
) -> None:
    """Send a few minutes' worth of sample traffic, with thumbs up and down."""
    from transom.demo.traffic import send

    typer.echo(asyncio.run(send(base_url, exchanges, seconds)))


@app.command()
def redact(
    profile: Annotated[str | None, typer.Option(help="fast, logs or strict.")] = None,
    spans: Annotated[bool, typer.Option("--spans", help='JSONL {"text"} in, {"spans"} out.')] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Redact standard input to standard output."""
    from transom.redact.cli import redact_stream

    settings, secret = _settings("redact", config, data, None, None)
    for line in redact_stream(sys.stdin, settings, secret, profile, spans):
        sys.stdout.write(line)


@spool.command("status")
def show_spool(config: ConfigOption = None, data: DataOption = None) -> None:
    """Say what waits in this host's spool, by writer, without opening a record."""
    from transom.record.status import show_status
    from transom.spool.keys import find_keys

    settings, _ = _settings("spool", config, data, None, None)
    Console(soft_wrap=True).print(asyncio.run(show_status(settings, _or_fail(find_keys, settings))))


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

    settings, secret = _settings("doctor", config, data, port, admin_port)
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
        _fail(f"no proof could be made: {error}")
    except ConfigError as error:
        _fail(str(error))
    console.print(shown_proof(proof))
    return proof.holds


@prices.command("update")
def update_prices(
    target: Annotated[Path, typer.Argument(help="The file to write.")] = Path("config/prices.json"),
) -> None:
    """Make the price list from the installed litellm package."""
    from transom.usage.prices_update import write

    typer.echo(f"{target}: {write(target)}")


if __name__ == "__main__":
    app()
