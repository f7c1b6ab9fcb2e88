"""`transom doctor --prove` on a running system: it holds, and a leak anywhere makes it fail and is named."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.db import postgres, postgres_url
from tests.running import Running, environment, running
from transom.config import Redaction, Settings
from transom.prove.apart import prove_apart
from transom.prove.canary import TOO_SHORT
from transom.redact.kinds import kinds_of

__all__ = ["postgres", "postgres_url"]

pytestmark = pytest.mark.slow

KEEP_RAW = """
from transom.gateway import recording

append = recording.Recording.append_now

def leak(self, seq, capture):
    with self._writer.folder.with_name("plain.txt").open("ab") as file:
        file.write(capture.request_body)
    append(self, seq, capture)

recording.Recording.append_now = leak
"""
"""A fault, put into every process by `sitecustomize`: the gateway writes each request next to the spool as it came."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("proof")) as it:
        assert it.chat("hello").status_code == 200
        it.wait_for_outcomes(1)
        yield it


def doctor(server: Running, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transom", "doctor", "--data", str(server.data), "--port", str(server.port)]
    command += ["--admin-port", str(server.admin_port), *options]
    return subprocess.run(command, env=environment(**settings), capture_output=True, text=True, timeout=300)


def last_proof(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.admin("/api/v1/proofs").json()["data"][0]
    return found


def test_the_proof_holds_on_a_running_system(server: Running):
    answer = doctor(server, "--prove", "--log", str(server.log))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    kinds = len(kinds_of(Redaction(profile="logs")) - TOO_SHORT)
    assert f"The proof holds: {kinds} kinds of personal data (profile logs)" in answer.stdout
    proof = last_proof(server)
    assert (proof["holds"], proof["found"], proof["profile"]) == (True, [], "logs")
    searched = {"transom.db", "transom.db-wal", "log stderr.log", "REST and metrics", "admin pages"}
    assert searched <= {name for name, size in proof["places"].items() if size > 100}
    assert proof["bytes_searched"] == sum(proof["places"].values())


def test_its_exchanges_are_counted_and_left_out_of_lists(server: Running):
    books = server.wait_for_outcomes(5)
    assert (books["begun"], books["stored"], books["metadata_only"]) == (5, 4, 1)
    assert server.admin("/api/v1/stats").json()["requests"] == 1
    assert [row["project_id"] for row in server.admin("/api/v1/traces").json()["data"]] == ["default"]
    own = server.admin("/api/v1/traces", project_id="_transom").json()["data"]
    assert len(own) == 4
    assert "transom_proof_ok 1.0" in server.admin("/metrics").text


def test_the_system_is_well(server: Running):
    answer = doctor(server)
    assert answer.returncode == 0, answer.stdout
    assert "holds; that of" in answer.stdout
    assert server.token not in answer.stdout


def test_the_worker_makes_it_in_a_process_of_its_own(server: Running):
    before = last_proof(server)
    settings = Settings(
        data=server.data, port=server.port, admin_port=server.admin_port, admin_token=SecretStr(server.token)
    )
    asyncio.run(prove_apart(settings))
    made = last_proof(server)
    assert (made["number"], made["holds"]) == (before["number"] + 1, True)


def test_a_gateway_with_another_secret_proves_nothing(server: Running):
    answer = doctor(server, "--prove", TRANSOM_SECRET_KEY="another")
    assert answer.returncode == 2
    assert "needs the same main secret" in answer.stderr


def test_a_leak_is_found_and_named(tmp_path: Path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(KEEP_RAW)
    source = str(Path(__file__).parents[2] / "src")
    with running(tmp_path, PYTHONPATH=f"{tmp_path / 'site'}:{source}") as server:
        answer = doctor(server, "--prove")
        assert answer.returncode == 1, answer.stdout + answer.stderr
        assert "The proof failed" in answer.stdout
        proof = last_proof(server)
        assert {found["place"] for found in proof["found"]} == {"spool", "spool, before recording"}
        assert {found["kind"] for found in proof["found"]} == set(proof["kinds"])
        assert "transom_proof_ok 0.0" in server.admin("/metrics").text
        assert doctor(server).returncode == 1
        (server.data / "spool" / "plain.txt").unlink()


def test_the_proof_holds_on_postgresql(tmp_path: Path, postgres_url: str):
    with running(tmp_path, TRANSOM_DATABASE_URL=postgres_url) as server:
        answer = doctor(server, "--prove", TRANSOM_DATABASE_URL=postgres_url)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert {"table message", "table trace", "table feedback"} <= set(last_proof(server)["places"])
