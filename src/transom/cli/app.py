"""The `transom` command and its groups."""

from __future__ import annotations

from typing import Annotated

import typer

from transom import __version__

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


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"transom {__version__}")
        raise typer.Exit


@app.callback()
def transom(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """See what your LLM traffic does, without seeing who is in it."""
