"""Feedback as apps send it: by any id, before its trace, while the database is away, from a browser, and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import Running, running, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("feedback"), TRANSOM_FEEDBACK__ORIGINS='["https://app.example"]') as it:
        yield it


def ask(server: Running, key: str = "one", **headers: str) -> httpx.Response:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
    url = f"{server.base_url}/v1/chat/completions"
    return httpx.post(url, json=body, headers={"authorization": f"Bearer {key}"} | headers, timeout=60)


def say(server: Running, body: dict[str, Any], key: str = "one", path: str = "/v1/feedback") -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.post(server.base_url + path, json=body, headers=headers)


def feedback_of(server: Running, trace_id: str) -> list[dict[str, Any]]:
    trace = server.trace(trace_id)
    return trace["feedback"] if trace else []


def test_by_completion_id_trace_id_and_both_request_ids(server: Running):
    answer = ask(server, **{"x-request-id": "the-client-s-own"})
    trace_id = answer.headers["x-transom-trace-id"]
    ids = [answer.json()["id"], trace_id, answer.headers["x-request-id"], "the-client-s-own"]
    for number, ident in enumerate(ids):
        accepted = say(server, {"id": ident, "score": number, "name": f"metric-{number}"})
        assert accepted.status_code == 202
        assert accepted.json()["status"] == "accepted"
    found = until(lambda: len(f := feedback_of(server, trace_id)) == 4 and f)
    assert {f["name"]: f["score"] for f in found} == {f"metric-{n}": float(n) for n in range(4)}


def test_feedback_that_comes_before_its_trace_is_linked_when_it_comes(server: Running):
    say(server, {"id": "to-come", "rating": "up"})
    until(lambda: any(f["target_id"] == "to-come" for f in server.admin("/api/v1/feedback").json()["data"]))
    answer = ask(server, **{"x-request-id": "to-come"})
    found = until(lambda: feedback_of(server, answer.headers["x-transom-trace-id"]))
    assert found[0]["score"] == 1.0


def test_the_last_word_counts_and_can_be_taken_back(server: Running):
    answer = ask(server)
    trace_id = answer.headers["x-transom-trace-id"]
    first = say(server, {"id": trace_id, "rating": "up"}).json()["feedback_id"]
    second = say(server, {"id": trace_id, "rating": "down", "comment": "It was wrong"}).json()["feedback_id"]
    assert first == second
    until(lambda: [f["score"] for f in feedback_of(server, trace_id)] == [0.0])
    stranger = {"authorization": "Bearer another"}
    httpx.delete(f"{server.base_url}/v1/feedback/{first}", headers=stranger)
    assert (
        httpx.delete(f"{server.base_url}/v1/feedback/{first}", headers={"authorization": "Bearer one"}).status_code
        == 202
    )
    until(lambda: feedback_of(server, trace_id) == [])


def test_ids_never_link_across_keys(server: Running):
    answer = ask(server, "one")
    trace_id = answer.headers["x-transom-trace-id"]
    say(server, {"id": trace_id, "rating": "down", "name": "forged"}, "another")
    say(server, {"id": trace_id, "rating": "up", "name": "own"}, "one")
    until(lambda: feedback_of(server, trace_id))
    assert [f["name"] for f in feedback_of(server, trace_id)] == ["own"]


def test_a_browser_rates_with_the_token_and_only_from_its_origin(server: Running):
    answer = ask(server)
    url = f"{server.base_url}/v1/feedback/t/{answer.headers['x-transom-feedback-token']}"
    origin = {"origin": "https://app.example"}
    preflight = httpx.options(url, headers=origin | {"access-control-request-method": "POST"})
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert httpx.post(url, json={"rating": "up"}, headers=origin).status_code == 202
    assert "access-control-allow-origin" not in httpx.options(url, headers={"origin": "https://evil.example"}).headers
    until(lambda: feedback_of(server, answer.headers["x-transom-trace-id"]))


def test_while_the_database_is_away_nothing_is_lost(server: Running):
    lock = sqlite3.connect(server.data / "transom.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        answer = ask(server)
        assert answer.status_code == 200
        assert say(server, {"id": answer.json()["id"], "rating": "up", "name": "while-away"}).status_code == 202
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    found = until(lambda: feedback_of(server, answer.headers["x-transom-trace-id"]))
    assert found[0]["name"] == "while-away"


def test_a_thumb_in_a_list_of_traces(server: Running):
    answer = ask(server)
    trace_id = answer.headers["x-transom-trace-id"]
    say(server, {"id": trace_id, "rating": "down"})
    until(lambda: feedback_of(server, trace_id))
    listed = server.admin("/api/v1/traces", feedback="down").json()["data"]
    assert trace_id in [trace["id"] for trace in listed]
