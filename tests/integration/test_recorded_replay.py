"""697 real exchanges with eight providers, through the running gateway: equal to the byte, and recorded rightly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers import recorded
from tests.providers.recorded import Recorded, Row
from tests.running import Running, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not recorded.rows(), reason="the recorded traffic is not beside this checkout"),
]


@pytest.fixture(scope="module")
def provider() -> Recorded:
    return Recorded()


@pytest.fixture(scope="module")
def server(provider: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with recorded.serving(provider.app) as base_url:
        settings = recorded.settings(base_url)
        with running(tmp_path_factory.mktemp("replay"), **settings, TRANSOM_DEFAULT_PROVIDER="openai") as it:
            yield it


@pytest.fixture(scope="module")
def replies(server: Running) -> list[httpx.Response]:
    """What a plain HTTP client got for each row, through the provider's own path."""
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        return [send(client, row, row.gateway_path) for row in recorded.rows()]


@pytest.fixture(scope="module")
def traces(server: Running, replies: list[httpx.Response]) -> list[dict[str, Any]]:
    """What was recorded of each."""
    server.wait_for_outcomes(len(replies), seconds=300)
    return [server.wait_for_trace(reply.headers["x-transom-trace-id"]) for reply in replies]


def send(client: httpx.Client, row: Row, path: str) -> httpx.Response:
    headers = row.request_headers | {"x-recorded-row": str(row.number), "authorization": "Bearer test"}
    return client.request(row.method, path, content=row.request_body.encode(), headers=headers)


def payloads(row: Row) -> list[Any]:
    """The JSON values of a response: one, or those of its events or lines."""
    kind = row.response_headers.get("content-type", "")
    if row.streamed:
        lines = [line[5:].strip() for line in row.response_body.splitlines() if line.startswith("data:")]
    elif "ndjson" in kind or "stream+json" in kind:
        lines = row.response_body.splitlines()
    else:
        lines = [row.response_body]
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [value for value in found if isinstance(value, dict)]


def usages(row: Row) -> list[dict[str, Any]]:
    """Every report of usage inside a response, wherever the provider puts it."""
    found = []
    for value in payloads(row):
        for holder in (value, value.get("response"), value.get("message"), value.get("x_groq"), value.get("delta")):
            if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
                found.append(holder["usage"])
    return found


def test_every_status_and_body_is_equal_to_the_byte(replies: list[httpx.Response]):
    assert len(replies) == 697
    for row, reply in zip(recorded.rows(), replies, strict=True):
        assert reply.status_code == row.status, row.number
        assert reply.content == row.response_body.encode(), row.number
        assert {k: reply.headers[k] for k in row.response_headers} == row.response_headers


def test_the_provider_gets_what_the_client_sent(provider: Recorded, replies: list[httpx.Response]):
    for row, reply in zip(recorded.rows(), replies, strict=True):
        got, sent = provider.received[row.number], reply.request
        assert (got.method, got.target) == (row.method, row.path), row.number
        assert got.body == row.request_body.encode(), row.number
        own = {"host", "connection"}
        assert {k: v for k, v in got.headers.items() if k not in own} == {
            k: v for k, v in sent.headers.items() if k not in own
        }, row.number


def test_every_exchange_has_exactly_one_outcome(server: Running, traces: list[dict[str, Any]]):
    books = server.completeness()
    assert books["begun"] >= 697
    assert books["begun"] == books["stored"] + books["metadata_only"] + books["dropped"]
    assert (books["dropped"], books["unaccounted"]) == (0, 0)
    assert len({trace["id"] for trace in traces}) == 697


def test_models_ids_and_finish_reasons_are_the_provider_s(traces: list[dict[str, Any]]):
    for row, trace in zip(recorded.rows(), traces, strict=True):
        if row.status != 200 or trace["operation"] not in {"chat", "text_completion", "messages"}:
            continue
        first = payloads(row)[0]
        first = first.get("message") if isinstance(first.get("message"), dict) and "id" in first["message"] else first
        if first.get("id"):
            assert trace["response_id"] == first["id"], row.number
        models = {value["model"] for value in payloads(row) if value.get("model")}
        if models:
            assert trace["response_model"] in models, row.number
        reasons = [
            c.get("finish_reason") for v in payloads(row) for c in v.get("choices") or [] if c.get("finish_reason")
        ]
        if reasons:
            assert sorted(trace["finish_reasons"]) == sorted(reasons), row.number
        requested = json.loads(row.request_body).get("model") if row.request_body else None
        if requested:
            assert trace["model"] == requested, row.number


def test_tokens_equal_the_usage_in_the_response(traces: list[dict[str, Any]]):
    checked = 0
    for row, trace in zip(recorded.rows(), traces, strict=True):
        reported = usages(row)
        if not reported or row.provider in {"cohere", "ollama"}:
            continue
        last: dict[str, Any] = {}
        for usage in reported:
            last |= {name: value for name, value in usage.items() if value is not None}
        cached = 0
        if row.provider == "anthropic":
            cached = last.get("cache_read_input_tokens", 0) + last.get("cache_creation_input_tokens", 0)
        given = last.get("prompt_tokens", last.get("input_tokens"))
        made = last.get("completion_tokens", last.get("output_tokens"))
        assert trace["usage_source"] == "provider", row.number
        assert trace["input_tokens"] == given + cached, row.number
        if made is not None:
            assert trace["output_tokens"] == made, row.number
        checked += 1
    assert checked > 400


def test_openai_s_rows_also_pass_under_v1(server: Running, replies: list[httpx.Response]):
    mine = [row for row in recorded.rows() if row.provider == "openai"][::10]
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        for row in mine:
            reply = send(client, row, row.path)
            assert (reply.status_code, reply.content) == (row.status, replies[row.number].content)


def test_a_polled_run_is_paid_once(traces: list[dict[str, Any]]):
    paid: dict[str, int] = {}
    for row, trace in zip(recorded.rows(), traces, strict=True):
        if trace["response_id"] and trace["operation"] in {"assistants", "responses"} and usages(row):
            paid[trace["response_id"]] = paid.get(trace["response_id"], 0) + int(trace["billed"])
    assert paid
    assert set(paid.values()) <= {0, 1}
