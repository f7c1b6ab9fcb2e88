"""A restore drill: backed up under traffic, killed, its data deleted, restored elsewhere: everything is known again."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.db import Postgres, postgres
from tests.running import Running, environment, start, until

__all__ = ["postgres"]

pytestmark = pytest.mark.slow

PROMPT = "Write to ada.lovelace@example.com about the zeppelin"
SETTINGS = {"TRANSOM_ADMIN_TOKEN": "", "TRANSOM_SPOOL_KEY": "a-spool-key-for-tests"}
KEY = {"authorization": "Bearer one"}


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[list[dict[str, str]]]:
    """The settings that name the first server's database, and the second's."""
    if request.param == "sqlite":
        yield [{}, {}]
        return
    server: Postgres = request.getfixturevalue("postgres")
    names = ["drill_before", "drill_after"]
    for name in names:
        server.sql(f"CREATE DATABASE {name}")
    yield [{"TRANSOM_DATABASE_URL": server.url(name)} for name in names]
    for name in names:
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def started(folder: Path, database: dict[str, str]) -> Running:
    """A server that answers, with the admin token of its own data folder."""
    folder.mkdir(exist_ok=True)
    server = start(folder, **SETTINGS, **database)
    token = server.data / "admin.token"
    try:
        until(token.exists)
        server.token = token.read_text()
        until(server.is_ready)
    except BaseException:
        kill(server)
        raise
    return server


def transom(command: str, file: Path, data: Path, database: dict[str, str]) -> str:
    """Run it as a user does; gives what it said."""
    arguments = [sys.executable, "-m", "transom", command, str(file), "--data", str(data)]
    done = subprocess.run(arguments, env=environment(**SETTINGS, **database), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(server: Running) -> httpx.Response:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    return httpx.post(f"{server.base_url}/v1/chat/completions", json=body, headers=KEY, timeout=60)


class Traffic:
    """A client that goes on until the block ends."""

    def __init__(self, server: Running) -> None:
        self._server, self._done = server, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent = 0

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.is_set():
            self._server.chat(f"Question number {self.sent}").raise_for_status()
            self.sent += 1


def kill(server: Running) -> None:
    """All of its processes at once, without a chance to tidy up."""
    supervisor = psutil.Process(server.process.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    for process in family:
        process.kill()
    server.process.wait()
    psutil.wait_procs(family)


def all_traces(server: Running) -> set[str]:
    found: set[str] = set()
    page: dict[str, Any] = {"next_cursor": ""}
    while (cursor := page["next_cursor"]) is not None:
        page = server.admin("/api/v1/traces", limit=200, **({"cursor": cursor} if cursor else {})).json()
        found |= {trace["id"] for trace in page["data"]}
    return found


def test_what_was_backed_up_is_known_again(tmp_path: Path, databases: list[dict[str, str]]):
    file, before, after = tmp_path / "backup.tar", *databases
    old = started(tmp_path / "old", before)
    try:
        answer = ask(old)
        known = old.wait_for_trace(answer.headers["x-transom-trace-id"])
        with Traffic(old) as traffic:
            until(lambda: traffic.sent > 20 and len(all_traces(old)) > 20)
            stored, sent = all_traces(old), traffic.sent
            said = transom("backup", file, old.data, before)
            until(lambda: traffic.sent > sent)
    finally:
        kill(old)
    shutil.rmtree(old.data)
    assert "It holds keys" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    assert "restored" in transom("restore", file, tmp_path / "new" / "data", after)
    new = started(tmp_path / "new", after)
    try:
        assert new.token == old.token
        check_stored(new, stored, known)
        check_keys(new, answer, known)
    finally:
        new.stop()


def check_stored(server: Running, stored: set[str], known: dict[str, Any]) -> None:
    traces = all_traces(server)
    assert stored <= traces
    found = server.admin("/api/v1/traces", q="zeppelin").json()["data"]
    assert [trace["id"] for trace in found] == [known["id"]]
    books = server.wait_for_outcomes(len(stored))
    assert books["begun"] == books["stored"] + books["metadata_only"] + books["dropped"]
    assert (books["in_flight"], books["unaccounted"]) == (0, 0)
    assert len(traces) == books["stored"] + books["metadata_only"]


def check_keys(server: Running, answer: httpx.Response, known: dict[str, Any]) -> None:
    """Old tokens open, the same caller is the same, and the same person has the same tag."""
    url = f"{server.base_url}/v1/feedback/t/{answer.headers['x-transom-feedback-token']}"
    assert httpx.post(url, json={"rating": "up"}).status_code == 202
    own = {"id": known["id"], "rating": "down", "name": "own"}
    assert httpx.post(f"{server.base_url}/v1/feedback", json=own, headers=KEY).status_code == 202
    said = until(lambda: len(f := (server.trace(known["id"]) or {})["feedback"]) == 2 and f)
    assert {one["name"] for one in said} == {"user_feedback", "own"}
    again = server.wait_for_trace(ask(server).headers["x-transom-trace-id"])
    assert again["key_id"] == known["key_id"] != ""
    assert again["input_messages"][0]["parts"] == known["input_messages"][0]["parts"]
    assert "<EMAIL_ADDRESS:" in str(again["input_messages"])
