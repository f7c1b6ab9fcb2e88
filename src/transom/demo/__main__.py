"""`python -m transom.demo --port N` runs the demo provider."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from transom.demo.provider import serve
from transom.process import end_with_parent


def main(port: Annotated[int, typer.Option(help="Where to answer, on loopback.")]) -> None:
    """Run the demo provider."""
    if os.environ.get("TRANSOM_SUPERVISED"):
        end_with_parent(int(os.environ["TRANSOM_SUPERVISED"]))
    serve(port)


if __name__ == "__main__":
    typer.run(main)
