"""Two hosts, each with its own gateway, spool and recorder, on one PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.db import Postgres, postgres, postgres_url
from tests.providers.recorded import serving
from tests.running import Running, running

__all__ = ["postgres", "postgres_url"]

pytestmark = pytest.mark.slow

CALLS = 60


async def chat(request: Request) -> Response:
    question = (await request.json())["messages"][-1]["content"]
    choice = {"index": 0, "message": {"role": "assistant", "content": f"I say {question}"}, "finish_reason": "stop"}
    return JSONResponse({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]})


@pytest.fixture
def settings(postgres_url: str) -> Iterator[dict[str, str]]:
    with serving(Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])) as base_url:
        yield {
            "TRANSOM_PROVIDERS__ECHO__BASE_URL": base_url,
            "TRANSOM_DEFAULT_PROVIDER": "echo",
            "TRANSOM_REDACTION__PROFILE": "fast",
            "TRANSOM_DATABASE_URL": postgres_url,
            "TRANSOM_SECRET_KEY": "the same on both hosts",
        }


def talk(server: Running) -> None:
    """The same questions at the same time on both hosts: their recorders want the same rows."""
    for number in range(CALLS):
        assert server.chat(f"question {number % 20} about Ada Lovelace").status_code == 200


def test_their_recorders_write_at_once_and_the_books_agree(
    tmp_path: Path, settings: dict[str, str], postgres: Postgres, postgres_url: str
):
    with running(tmp_path / "one", **settings) as one, running(tmp_path / "two", **settings) as two:
        threads = [threading.Thread(target=talk, args=(server,)) for server in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        books = one.wait_for_outcomes(2 * CALLS)
        assert books == two.completeness() | {"lag_s": books["lag_s"]}
        assert (books["begun"], books["stored"], books["in_flight"]) == (2 * CALLS, 2 * CALLS, 0)
        hour = two.admin("/api/v1/stats").json()
        assert hour["requests"] == 2 * CALLS
        found = one.admin("/api/v1/traces", q="question 7", limit=200).json()["data"]
        assert len(found) == 2 * CALLS // 20
