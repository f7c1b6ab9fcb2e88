"""A fresh, migrated database for a test: SQLite, or a real PostgreSQL 15 started for the run."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.store.engine import connect, migrate

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
_numbers = count(1)


class Postgres:
    """A PostgreSQL server of our own: its socket in a temporary folder, no network, run as a user other than root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="transom-pg-"))
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._data = str(self.folder / "data")
        self._run("initdb", "-D", self._data, "-U", "transom", "--locale=C.UTF-8", "--no-sync")
        self.start()
        self.sql("CREATE DATABASE template_of_tests")
        asyncio.run(migrate(self.url("template_of_tests")))

    def start(self) -> None:
        """Begin to serve."""
        options = ["-k", str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        command = [*self._as_user, str(POSTGRES_BIN / "postgres"), "-D", self._data, *options]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        self._run("pg_isready", "-h", str(self.folder), "-t", "30", patient=True)

    def go_away(self) -> None:
        """Stop at once, cutting all connections; `start` brings it back."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(30)

    def _run(self, program: str, *arguments: str, patient: bool = False) -> None:
        command = [*self._as_user, str(POSTGRES_BIN / program), *arguments]
        while subprocess.run(command, capture_output=True, cwd="/", check=not patient).returncode:
            assert self._server.poll() is None, (self.folder / "log").read_text()

    def sql(self, statement: str) -> None:
        """Run one statement as the superuser."""
        self._run("psql", "-h", str(self.folder), "-U", "transom", "-d", "postgres", "-qc", statement)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://transom@/{database}?host={self.folder}"

    def stop(self) -> None:
        """Shut it down and remove its files."""
        self._server.terminate()
        self._server.wait(30)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not POSTGRES_BIN.exists():
        pytest.skip("PostgreSQL 15 is not installed")
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE template_of_tests")
    yield postgres.url(name)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "transom.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'transom.db')}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def db_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def db(db_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated, empty database; the test runs once on each kind."""
    engine = connect(db_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def postgres_db(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on PostgreSQL, for what SQLite can't show: writers side by side."""
    engine = connect(postgres_url)
    yield engine
    await engine.dispose()
