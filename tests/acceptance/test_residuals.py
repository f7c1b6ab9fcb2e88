"""What redaction misses, measured on a server's own traffic and corrected by a reviewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.running import TOKEN, Running, running, until

pytestmark = pytest.mark.slow

REST = "/api/v1/redaction/residuals"
PROMPT = "Yesterday I met John Smith in the park and we talked about the weather."
"""No word tells patterns that there is a name."""


def person(server: Running) -> dict[str, Any]:
    table = server.admin(REST).json()["data"]
    return next((row for row in table if (row["entity"], row["language"]) == ("PERSON", "en")), {})


def misses(server: Running, verdict: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.admin(f"{REST}/misses", verdict=verdict).json()["data"]
    return found


def judge(server: Running, number: int, verdict: str) -> None:
    headers = {"authorization": f"Bearer {server.token}"}
    url = f"{server.admin_url}{REST}/misses/{number}"
    httpx.post(url, json={"verdict": verdict}, headers=headers, timeout=60).raise_for_status()


def page(server: Running) -> str:
    """The page as a person who logs in sees it."""
    with httpx.Client(base_url=server.admin_url, timeout=60, follow_redirects=True) as browser:
        token = browser.get("/login").text.partition('name="form_token" value="')[2].partition('"')[0]
        form = {"form_token": token, "token": TOKEN, "next": "/redaction"}
        return browser.post("/login", data=form).raise_for_status().text


def test_a_name_that_fast_missed_is_suspected_counted_and_judged(tmp_path: Path) -> None:
    settings = {"TRANSOM_REDACTION__PROFILE": "fast", "TRANSOM_REDACTION__SAMPLE": "1"}
    with running(tmp_path, **settings) as server:
        for _ in range(3):
            assert server.chat(PROMPT).status_code == 200
        server.wait_for_outcomes(3)
        (miss,) = (one for one in misses(server, "open") if one["entity"] == "PERSON" and one["text"] in PROMPT)
        assert (miss["text"], miss["profile"], miss["language"]) == ("John Smith", "fast", "en")
        assert server.trace(miss["trace_id"])
        before = person(server)
        assert before["missed_in"] >= 1
        assert before["low"] < before["per_1000"] <= before["high"]
        assert "<mark>John Smith</mark>" in page(server)
        judge(server, miss["id"], "fine")
        assert person(server)["missed_in"] == before["missed_in"] - 1
        assert "<mark>John Smith</mark>" not in page(server)
        headers = {"authorization": f"Bearer {server.token}"}
        httpx.delete(f"{server.admin_url}/api/v1/traces/{miss['trace_id']}", headers=headers).raise_for_status()
        assert miss["id"] not in [one["id"] for one in misses(server, "fine")]


def recorder(server: Running) -> psutil.Process | None:
    """The server's recorder, while it lives."""
    children = psutil.Process(server.process.pid).children()
    return next((child for child in children if "recorder" in command_of(child)), None)


def command_of(process: psutil.Process) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except psutil.NoSuchProcess:
        return []
    return words


def test_each_message_is_counted_once_through_kill_9(tmp_path: Path) -> None:
    settings = {"TRANSOM_REDACTION__PROFILE": "fast", "TRANSOM_REDACTION__SAMPLE": "1"}
    with running(tmp_path, **settings) as server:
        history: list[dict[str, str]] = []
        for number in range(12):
            history = [*history, {"role": "user", "content": f"{PROMPT} ({number})"}]
            answer = server.chat("", messages=history).json()
            history = [*history, answer["choices"][0]["message"]]
            if number % 4 == 3:
                until(lambda: recorder(server)).kill()
        server.wait_for_outcomes(12)
        said = {(message["role"], message["content"]) for message in history}
        assert server.admin(REST).json()["sampled"] == len(said)
