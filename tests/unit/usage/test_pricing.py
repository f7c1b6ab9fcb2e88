from __future__ import annotations

from pathlib import Path

import pytest

from transom.config import ConfigError, shipped
from transom.types import Cost, Usage
from transom.usage.pricing import Price, PriceBook, PriceFile, Rates

CHAT = Price(
    "chat",
    [
        Rates(input=100, output=400, cache_read=10, cache_write=125),
        Rates(input=200, output=600, cache_read=20, above=200_000),
        Rates(input=50, output=200, tier="flex"),
    ],
)
BOOK = PriceBook(
    PriceFile(
        version="v1",
        attribution="",
        unit="",
        prices={
            "openai/gpt-x": CHAT,
            "openai/gpt-x-2026-01-02": Price("chat", [Rates(input=7, output=7)]),
            "openai/ft:gpt-x": Price("chat", [Rates(input=9, output=9)]),
            "azure/gpt-x": Price("chat", [Rates(input=101, output=401)]),
            "groq/openai/gpt-x": Price("chat", [Rates(input=1, output=1)]),
            "openai/embed": Price("embedding", [Rates(input=3)]),
            "anthropic/claude": Price("chat", [Rates(input=2, output=2)]),
        },
    )
)
USAGE = Usage(input_tokens=1000, output_tokens=10)


def picodollars(
    provider: str, model: str | None, answered: str | None = None, usage: Usage = USAGE, **tier: str
) -> int | None:
    return BOOK.cost(provider, model, answered, usage, **tier).picodollars


def test_each_kind_of_token_at_its_price() -> None:
    usage = Usage(input_tokens=1000, output_tokens=10, cached_input_tokens=300, cache_write_tokens=200)
    assert BOOK.cost("openai", "gpt-x", None, usage) == Cost(500 * 100 + 10 * 400 + 300 * 10 + 200 * 125, "v1")


def test_the_model_that_answered_comes_first() -> None:
    assert picodollars("openai", "gpt-x", "gpt-x-2026-01-02") == 7070
    assert picodollars("openai", "gpt-x-2026-01-02", "gpt-x") == 104_000
    assert picodollars("openai", "gpt-x", "who knows") == 104_000


def test_dates_are_dropped_where_the_dated_model_has_no_price() -> None:
    for dated in ("gpt-x-2025-12-31", "gpt-x-20251231", "gpt-x@20251231"):
        assert picodollars("openai", None, dated) == 104_000


def test_fine_tuned_models_lose_their_owner() -> None:
    assert picodollars("openai", "ft:gpt-x:acme:mine:id") == 9090


@pytest.mark.parametrize(
    ("provider", "model", "cost"),
    [
        ("azure", "gpt-x", 105_010),
        ("azure-eu", "gpt-x", 105_010),
        ("groq", "openai/gpt-x", 1010),
        ("groq", "gpt-x", None),
        ("anthropic", "gpt-x", None),
        ("my-relay", "gpt-x", 104_000),
        ("my-relay", "claude", 2020),
        ("my-relay", "anthropic/claude", 2020),
        ("my-relay", "other", None),
    ],
)
def test_a_provider_charges_its_own_prices(provider: str, model: str, cost: int | None) -> None:
    assert picodollars(provider, model) == cost


def test_service_tiers() -> None:
    assert picodollars("openai", "gpt-x", service_tier="flex") == 52_000
    assert picodollars("openai", "gpt-x", service_tier="default") == 104_000
    assert picodollars("openai", "gpt-x", service_tier="priority") is None


def test_long_contexts() -> None:
    at = Usage(input_tokens=200_000, output_tokens=0)
    beyond = Usage(input_tokens=200_001, output_tokens=0)
    assert picodollars("openai", "gpt-x", usage=at) == 200_000 * 100
    assert picodollars("openai", "gpt-x", usage=beyond) == 200_001 * 200


def test_embeddings_have_no_output() -> None:
    assert picodollars("openai", "embed", usage=Usage(input_tokens=8)) == 24


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(input_tokens=1),
        Usage(output_tokens=1),
        Usage(input_tokens=1, output_tokens=1, cached_input_tokens=2),
        Usage(input_tokens=300_000, output_tokens=1, cache_write_tokens=1),
    ],
)
def test_unknown_counts_and_prices_cost_an_unknown_sum(usage: Usage) -> None:
    assert BOOK.cost("openai", "gpt-x", None, usage) == Cost(None, "v1")


def test_no_model_no_price() -> None:
    assert BOOK.cost("openai", None, None, USAGE) == Cost(None, "v1")


def test_the_shipped_book() -> None:
    book = PriceBook.load(shipped("prices.json"))
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cached_input_tokens=0)
    assert book.cost("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", usage).picodollars == 750_000_000_000
    assert book.cost("anthropic", "claude-sonnet-4-5", None, USAGE).picodollars == 1000 * 3_000_000 + 10 * 15_000_000
    assert book.cost("azure", "deployment", "gpt-4o-2024-08-06", USAGE).picodollars is not None
    assert book.cost("ollama", "llama3", None, USAGE).picodollars == 0


@pytest.mark.parametrize("content", ["", "{}", '{"version": 1}', "nonsense"])
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"prices\.file: .*prices\.json"):
        PriceBook.load(path)
    with pytest.raises(ConfigError, match="absent"):
        PriceBook.load(tmp_path / "absent.json")
