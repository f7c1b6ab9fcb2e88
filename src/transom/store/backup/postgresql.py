"""PostgreSQL's own programs, for what SQL can't do: pg_dump and pg_restore."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.config import ConfigError

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
    "ssl": "PGSSLMODE",
}


async def dump(engine: AsyncEngine, target: Path) -> None:
    """The whole database, as it was at one moment, in pg_dump's custom format.

    Raises ConfigError where there is no pg_dump that knows the server's version, or it fails.
    """
    await _require("pg_dump", engine)
    await _run("pg_dump", engine, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


async def load(engine: AsyncEngine, source: Path) -> None:
    """Fill an empty database from a dump, all or nothing. Raises ConfigError as `dump` does."""
    await _require("pg_restore", engine)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    database = _connection(engine)["database"]
    await _run("pg_restore", engine, *options, f"--dbname={database}", str(source))


async def _require(program: str, engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        server = int((await conn.execute(text("SHOW server_version_num"))).scalar_one()) // 10_000
    advice = f"install PostgreSQL's client programs, version {server} or newer (Debian: postgresql-client-{server})"
    if shutil.which(program) is None:
        raise ConfigError(f"{program} is not installed: {advice}")
    version = re.search(rb"\d+", (await _output(program, "--version"))[0])
    if version is None or int(version[0]) < server:
        found = version[0].decode() if version else "of no known version"
        raise ConfigError(f"{program} {found} is older than the server ({server}): {advice}")


async def _run(program: str, engine: AsyncEngine, *arguments: str) -> None:
    """The password goes by the environment: anyone may read a command line."""
    _, errors, status = await _output(program, "--no-password", *arguments, env=os.environ | dict(_environment(engine)))
    if status:
        raise ConfigError(f"{program} failed: {_first_problem(errors)}")


async def _output(program: str, *arguments: str, env: Any = None) -> tuple[bytes, bytes, int]:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=env, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return output, errors, process.returncode or 0


def _environment(engine: AsyncEngine) -> Iterator[tuple[str, str]]:
    """What asyncpg is told, as libpq's variables."""
    given = _connection(engine)
    for name, variable in _VARIABLES.items():
        value = given.get(name)
        if value is not None:
            yield variable, ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _connection(engine: AsyncEngine) -> dict[str, Any]:
    return dict(engine.dialect.create_connect_args(engine.url)[1])


def _first_problem(errors: bytes) -> str:
    """One line: those that follow may quote rows."""
    lines = errors.decode(errors="replace").splitlines()
    return next((line for line in lines if "error:" in line), "it gave no reason")[:300]
