from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.conftest import TOKEN, browser
from tests.unit.store.builders import SECRET, exchange, write
from transom.admin.app import create_app
from transom.config import Settings
from transom.store.proofs import Found, Proof, keep_proof
from transom.types import OWN_PROJECT, Cost, Usage

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


async def scrape(rest: httpx.AsyncClient) -> Samples:
    answer = await rest.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return read(answer.text)


def only(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


async def test_metrics_need_the_token(client: httpx.AsyncClient):
    assert (await client.get("/metrics")).status_code == 401


async def test_the_books_are_exact(rest: httpx.AsyncClient):
    samples = await scrape(rest)
    assert only(samples, "transom_exchanges_begun_total") == 70
    assert only(samples, "transom_exchanges_total", outcome="stored") == 66
    assert only(samples, "transom_exchanges_total", outcome="metadata_only") == 1
    assert only(samples, "transom_exchanges_total", outcome="dropped") == 1
    assert only(samples, "transom_exchanges_in_flight") == 2
    assert only(samples, "transom_exchanges_unaccounted") == 0


async def test_sums_and_histograms(rest: httpx.AsyncClient):
    samples = await scrape(rest)
    anthropic = {"provider": "anthropic", "route": ""}
    assert only(samples, "transom_requests_total", status="2xx", **anthropic) == 1
    assert only(samples, "transom_tokens_total", type="input", **anthropic) == 100
    assert only(samples, "transom_cost_usd_total", **anthropic) == 1.2345
    assert only(samples, "transom_latency_seconds_bucket", le="10.24", **anthropic) == 0
    assert only(samples, "transom_latency_seconds_bucket", le="20.48", **anthropic) == 1
    assert only(samples, "transom_latency_seconds_bucket", le="+Inf", **anthropic) == 1
    assert only(samples, "transom_endings_total", ended="client_left", provider="openai", route="") == 1


async def test_labels_come_from_the_settings_and_the_rest_is_other(settings: Settings, empty_db: AsyncEngine):
    named = [("inhouse", "fast"), ("openai", None), ("made-up-by-a-caller", "also-made-up"), ("another", "third")]
    made = [exchange(n, provider=p, route=route, model=f"model-{n}") for n, (p, route) in enumerate(named)]
    await write(empty_db, *made, recorder="host-1")
    await write(empty_db, exchange(9, provider="inhouse", route="fast"), recorder="host-2")
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        answer = await client.get("/metrics")
    samples = read(answer.text)
    assert only(samples, "transom_requests_total", status="2xx", provider="inhouse", route="fast") == 2
    assert only(samples, "transom_requests_total", status="2xx", provider="other", route="other") == 2
    assert "made" not in answer.text
    assert "model" not in answer.text


async def test_what_is_unknown_is_counted_apart(settings: Settings, empty_db: AsyncEngine):
    await write(empty_db, exchange(1, usage=Usage(), cost=Cost()), exchange(2))
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        samples = await scrape(client)
    openai = {"provider": "openai", "route": ""}
    assert only(samples, "transom_unpriced_total", **openai) == 1
    assert only(samples, "transom_uncounted_total", **openai) == 1
    assert only(samples, "transom_cost_usd_total", **openai) == 0.0000025


async def test_bytes_that_wait_in_the_spool(rest: httpx.AsyncClient, settings: Settings):
    writer = settings.spool_dir / "aa"
    writer.mkdir(parents=True)
    (writer / "00000001.spool").write_bytes(b"x" * 123)
    assert only(await scrape(rest), "transom_spool_bytes") == 123


async def test_the_last_proof(rest: httpx.AsyncClient, db: AsyncEngine):
    assert not [name for name, _ in await scrape(rest) if name.startswith("transom_proof")]
    for found in ([], [Found("PERSON", "spool")]):
        async with db.begin() as conn:
            await keep_proof(conn, Proof(at=15 * 10**17, profile="logs", kinds=[], places={}, found=found))
        samples = await scrape(rest)
        assert only(samples, "transom_proof_ok") == (not found)
        assert only(samples, "transom_proof_time_seconds") == 1.5e9


async def test_transom_s_own_traffic_counts_in_the_books_only(settings: Settings, empty_db: AsyncEngine):
    await write(empty_db, exchange(1, project_id=OWN_PROJECT, provider=OWN_PROJECT))
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        samples = await scrape(client)
    assert not [name for name, _ in samples if name == "transom_requests_total"]
