"""A reviewer teaches a running Transom a name that redaction missed: new traffic is redacted, and the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import Running, running, until

pytestmark = pytest.mark.slow

WORD = "xylophonquartz"
"""A word that no page, prompt or answer of ours has, and that no recognizer takes for anything."""

RULES = "/api/v1/redaction/rules"


def rest(server: Running, method: str, path: str, **body: Any) -> Any:
    headers = {"authorization": f"Bearer {server.token}"}
    answer = httpx.request(method, f"{server.admin_url}{path}", headers=headers, json=body or None, timeout=60)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word, but for the encrypted spool, which this can't tell."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if word.encode() in path.read_bytes().lower())


def prompts(server: Running) -> list[str]:
    return [str(row["input_preview"]) for row in server.admin("/api/v1/traces").json()["data"]]


def test_what_redaction_missed_is_taught_and_gone(tmp_path: Path) -> None:
    with running(tmp_path, TRANSOM_REDACTION__PROFILE="fast") as server:
        for number in range(3):
            assert server.chat(f"greet {WORD} number {number}").status_code == 200
        server.wait_for_outcomes(3)
        assert holding(server.data, WORD) != []
        new = {"kind": "missed", "entity": "PERSON", "text": WORD.title()}
        counted = rest(server, "POST", RULES, **new, dry_run=True)
        assert (counted["traces"], counted["rule"]) == (3, None)
        rule = rest(server, "POST", RULES, **new)["rule"]
        until(lambda: rest(server, "GET", f"{RULES}/{rule['id']}")["rescrub"]["passes"])
        progress = rest(server, "GET", f"{RULES}/{rule['id']}")["rescrub"]
        assert progress["traces"] == 3 and progress["messages"] >= 3
        until(lambda: not holding(server.data, WORD))
        begun = 3

        def is_known() -> bool:
            nonlocal begun
            begun += 1
            server.chat(f"hello {WORD}, this is call {begun}")
            server.wait_for_outcomes(begun)
            return "<PERSON:" in prompts(server)[0]

        until(is_known)
        assert all("<PERSON:" in prompt for prompt in prompts(server)[-3:])
        (line,) = server.admin("/api/v1/audit").json()["data"]
        assert (line["action"], line["actor"]) == ("rescrub", "admin token")
        assert rest(server, "DELETE", f"{RULES}/{rule['id']}") is None
    assert WORD not in (tmp_path / "stderr.log").read_text().lower()
