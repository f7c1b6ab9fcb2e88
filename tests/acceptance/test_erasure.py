"""A user is erased, and no byte of what they said is left in the data folder or the archive."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.running import Running, running, until

pytestmark = pytest.mark.slow

WORD = "xylophonquartz"
"""A word that no page, prompt or answer of ours has. Redaction leaves it: it is nobody's name."""


def ask(server: Running, user: str, prompt: str) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"x-transom-user": user, "x-transom-session": f"session of {user}"}
    answer = httpx.post(f"{server.base_url}/v1/chat/completions", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200


def erase(server: Running, path: str) -> int:
    headers = {"authorization": f"Bearer {server.token}"}
    answer = httpx.delete(f"{server.admin_url}/api/v1/{path}", headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["traces"])


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if word.encode() in path.read_bytes())


def found(server: Running, **query: str) -> list[str]:
    return [row["id"] for row in server.admin("/api/v1/traces", **query).json()["data"]]


def test_a_user_is_erased_to_the_last_byte(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        for number in range(5):
            ask(server, "ann@example.com", f"please order {WORD} number {number}")
            ask(server, "bob", f"please order lamps number {number}")
        server.wait_for_outcomes(10)
        assert len(found(server, q=WORD)) == 5
        assert holding(server.data, WORD) != []
        assert erase(server, "users/ann@example.com") == 5
        assert found(server, q=WORD) == []
        assert len(found(server, user_id="bob")) == 5
        until(lambda: not holding(server.data, WORD))
        assert holding(server.data, "ann@example.com") == []
        (line,) = server.admin("/api/v1/audit", id="ann@example.com").json()["data"]
        assert (line["action"], line["traces"]) == ("erase_user", 5)
    assert holding(tmp_path, WORD) == []


def test_what_is_still_in_the_spool_is_erased_when_it_arrives(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        ask(server, "ann", f"the first {WORD}")
        server.wait_for_outcomes(1)
        ask(server, "ann", f"the second {WORD}")
        erased = erase(server, "users/ann")
        server.wait_for_outcomes(2)

        def all_gone() -> bool:
            (line,) = server.admin("/api/v1/audit", id="ann").json()["data"]
            return bool(line["traces"] == 2) and not holding(server.data, WORD)

        assert erased <= 2
        until(all_gone, 120)
