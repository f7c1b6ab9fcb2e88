"""`transom doctor`: looks at an installation and says what is well and what to do about the rest."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.admin.present import clock, day, size
from transom.config import ConfigError, Settings, local_url
from transom.httpclient import HTTPError, async_client
from transom.process import where
from transom.redact.kinds import check_models, kinds_of
from transom.redact.problems import ModelMismatch
from transom.spool.keys import key_outlives_us
from transom.store.completeness import completeness
from transom.store.engine import check_schema, connect
from transom.store.proofs import Proof, last_proof
from transom.types import DAY_NS

_LATE_S = 30.0
_STALE_NS = 2 * DAY_NS


class Check(NamedTuple):
    """One thing looked at: whether it is well, and what was seen or is to be done."""

    name: str
    ok: bool
    says: str


async def examine(settings: Settings) -> list[Check]:
    """All checks. None of them changes anything or shows a secret."""
    checks = [*_files(settings), _spool_key(settings), _disk(settings)]
    checks += [await _answers("gateway", settings.proof.gateway or local_url(settings.host, settings.port))]
    checks += [await _answers("admin", settings.proof.admin or local_url(settings.admin_host, settings.admin_port))]
    return [*checks, _redaction(settings), *await _store(settings)]


def _files(settings: Settings) -> Iterator[Check]:
    for name, folder in (("data folder", settings.data), ("spool folder", settings.spool_dir)):
        if not folder.exists():
            yield Check(name, True, f"{folder} isn't there yet")
        elif open_to_others := [path for path in (folder, *_below(folder)) if _is_open(path)]:
            first, more = open_to_others[0], len(open_to_others) - 1
            others = f" and {more} more" if more else ""
            yield Check(name, False, f"others may read {first}{others}: chmod -R go= {folder}")
        else:
            yield Check(name, True, f"{folder} is its owner's alone")


def _below(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        yield from (Path(above) / name for name in (*folders, *files))


def _is_open(path: Path) -> bool:
    try:
        return bool(path.lstat().st_mode & 0o077)
    except FileNotFoundError:
        return False


def _spool_key(settings: Settings) -> Check:
    file = os.environ.get("TRANSOM_SPOOL_KEY_FILE")
    if file and _same_disk(Path(file), settings.spool_dir):
        return Check("spool key", False, f"{file} is on the spool's disk: keep it on another, or in memory")
    if settings.spool_key:
        return Check("spool key", True, "configured")
    if key_outlives_us(settings):
        return Check("spool key", True, "kept in memory by the system (tmpfs)")
    return Check("spool key", True, "none kept: `transom serve` holds one in memory; other ways, set TRANSOM_SPOOL_KEY")


def _same_disk(file: Path, folder: Path) -> bool:
    return file.exists() and folder.exists() and file.stat().st_dev == folder.stat().st_dev


def _disk(settings: Settings) -> Check:
    spool = settings.spool_dir.absolute()
    folder = next(path for path in (spool, *spool.parents) if path.exists())
    free, wanted = shutil.disk_usage(folder).free, settings.spool.max_bytes
    if free >= wanted:
        return Check("disk", True, f"{size(free)} free; the spool takes up to {size(wanted)}")
    return Check("disk", False, f"{size(free)} free, and the spool may take {size(wanted)}: lower spool.max_bytes")


async def _answers(name: str, address: str) -> Check:
    try:
        async with async_client(address) as client:
            answer = await client.get("/health/ready")
    except HTTPError as error:
        return Check(name, False, f"nothing answers at {address} ({type(error).__name__}): start it")
    if answer.status_code != 200:
        return Check(name, False, f"{address} answers {answer.status_code}: its log says why")
    return Check(name, True, f"{address} is ready")


def _redaction(settings: Settings) -> Check:
    try:
        kinds = kinds_of(settings.redaction)
        check_models(settings.redaction)
    except (ConfigError, ModelMismatch) as error:
        return Check("redaction", False, str(error))
    return Check("redaction", True, f"profile {settings.redaction.profile}, {len(kinds)} kinds of personal data")


async def _store(settings: Settings) -> list[Check]:
    """The database, and what it tells of recorder and proof."""
    try:
        engine = connect(settings.database)
        try:
            await check_schema(engine)
            async with engine.connect() as conn:
                return [
                    Check("database", True, engine.dialect.name),
                    await _recorder(conn),
                    await _last_proof(conn, settings),
                ]
        finally:
            await engine.dispose()
    except ConfigError as error:
        return [Check("database", False, str(error))]
    except (SQLAlchemyError, OSError) as error:
        return [Check("database", False, f"can't be reached ({where(error)}): see that it runs")]


async def _recorder(conn: AsyncConnection) -> Check:
    books = await completeness(conn)
    lag_s, waiting, lost = books["lag_s"], books["in_flight"], books["unaccounted"]
    if lost:
        return Check("recorder", False, f"{lost} exchanges are not accounted for: please report it")
    if lag_s > _LATE_S:
        return Check("recorder", False, f"{lag_s:.0f} s behind, {waiting} exchanges wait: see that it runs")
    return Check("recorder", True, f"{lag_s:.1f} s behind, {waiting} exchanges on their way")


async def _last_proof(conn: AsyncConnection, settings: Settings) -> Check:
    proof = await last_proof(conn)
    if proof is None:
        return Check("proof", settings.proof.daily, "none yet; `transom doctor --prove` makes one")
    made = f"of {day(proof['at'])} {clock(proof['at'])} UTC, {size(proof['bytes_searched'])} searched"
    if not proof["holds"]:
        return Check("proof", False, f"the last one, {made}, found personal data: see the admin's page Proof")
    if time.time_ns() - proof["at"] > _STALE_NS:
        return Check("proof", False, f"the last one is {made}: see that the worker runs, or `transom doctor --prove`")
    return Check("proof", True, f"holds; that {made}")


def shown(checks: list[Check]) -> Table:
    """The checks as a table."""
    table = _table("", "Check", "")
    for check in checks:
        mark = Text("ok", "green") if check.ok else Text("see", "bold red")
        table.add_row(mark, check.name, Text(check.says))
    return table


def shown_proof(proof: Proof) -> Group:
    """A proof as tables: what was searched, what was found, and the verdict."""
    places = _table("Searched", "")
    for name, number in proof.places.items():
        places.add_row(Text(name), size(number))
    searched = f"{len(proof.kinds)} kinds of personal data (profile {proof.profile}), {size(proof.bytes_searched)}"
    if proof.holds:
        return Group(places, Text(f"The proof holds: {searched} searched, nothing found.", "green"))
    found = _table("Found", "Place")
    for each in proof.found:
        found.add_row(Text(each.kind), Text(each.place))
    return Group(places, found, Text(f"The proof failed: {searched} searched.", "bold red"))


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, show_edge=False)
