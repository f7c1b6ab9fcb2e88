"""A Presidio service, and what becomes of its failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from transom.redact import remote
from transom.redact.remote import Remote


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], Any]) -> Remote:
    def client(address: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=address, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(remote, "async_client", client)
    return Remote("http://presidio.example/base", ("PERSON",))


def test_pieces_are_asked_for_and_findings_put_in_their_places(monkeypatch):
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        asked.append((str(request.url), body))
        at = body["text"].find("Mary")
        result = {"entity_type": "PERSON", "start": at, "end": at + 4, "score": 0.85, "analysis_explanation": None}
        return httpx.Response(200, json=[result] if at >= 0 else [])

    text = "Nothing at All. " * 400 + "Then Mary came."
    found = answering(monkeypatch, answer).find_all([text, "", "Mary"])
    assert [[(f.start, f.end, f.entity, name) for f, name in each] for each in found] == [
        [(text.find("Mary"), text.find("Mary") + 4, "PERSON", "remote")],
        [],
        [(0, 4, "PERSON", "remote")],
    ]
    assert {url for url, _ in asked} == {"http://presidio.example/base/analyze"}
    assert all(body["language"] == "en" and body["entities"] == ["PERSON"] for _, body in asked)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(500), httpx.HTTPStatusError),
        (httpx.Response(200, text="<html>"), ValueError),
        (httpx.Response(200, json={"error": "no"}), ValueError),
        (httpx.Response(200, json=[{"entity_type": "PERSON", "start": 2, "end": 99, "score": 1.0}]), ValueError),
    ],
)
def test_an_answer_that_is_none_is_raised(monkeypatch, response, error):
    service = answering(monkeypatch, lambda _: response)
    with pytest.raises(error) as caught:
        service.find_all(["Hello Mary"])
    assert "Mary" not in str(caught.value)


def test_a_service_that_does_not_answer_is_given_up(monkeypatch):
    import asyncio

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(remote, "LIMIT_S", 0.05)
    with pytest.raises(TimeoutError):
        answering(monkeypatch, never).find_all(["Hello Mary"])


def test_texts_without_prose_are_not_sent(monkeypatch):
    assert answering(monkeypatch, lambda _: httpx.Response(500)).find_all(["", "lower case"]) == [[], []]
