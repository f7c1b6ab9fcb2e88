from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from transom.types import Usage
from transom.usage import prices_update
from transom.usage.prices_update import build, find_source, write
from transom.usage.pricing import PriceBook

DAY = date(2026, 1, 2)
MAP: dict[str, Any] = {
    "sample_spec": {"mode": "one of: chat", "litellm_provider": "one of", "input_cost_per_token": 0.0},
    "gpt-x": {
        "mode": "chat",
        "litellm_provider": "openai",
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.3200000000000002e-07,
        "cache_creation_input_token_cost": 3e-06,
        "input_cost_per_token_above_200k_tokens": 5e-06,
        "output_cost_per_token_above_200k_tokens": 2e-05,
        "input_cost_per_token_flex": 1.25e-06,
        "output_cost_per_token_flex": 5e-06,
        "cache_read_input_token_cost_batches": 1e-07,
        "max_tokens": 100,
    },
    "groq/a/b": {"mode": "chat", "litellm_provider": "groq", "input_cost_per_token": 1e-07, "output_cost_per_token": 0},
    "together_ai/c": {"mode": "chat", "litellm_provider": "together_ai", "input_cost_per_token": 1e-07},
    "ollama/d": {"mode": "chat", "litellm_provider": "ollama", "input_cost_per_token": 0.0},
    "unknown": {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 0.0},
    "picture": {"mode": "image_generation", "litellm_provider": "openai", "input_cost_per_token": 1e-06},
    "command": {"mode": "chat", "litellm_provider": "cohere_chat", "input_cost_per_token": 1e-06},
    "gpt-audio": {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 1e-06},
    "thinker": {
        "mode": "chat",
        "litellm_provider": "openai",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
        "output_cost_per_reasoning_token": 2e-06,
    },
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(MAP))
    return path


def test_only_what_cost_needs_in_whole_picodollars(source: Path) -> None:
    prices = build(source, DAY)["prices"]
    assert prices == {
        "groq/a/b": {"mode": "chat", "rates": [{"input": 100_000, "output": 0}]},
        "ollama/d": {"mode": "chat", "rates": [{"input": 0}]},
        "openai/gpt-x": {
            "mode": "chat",
            "rates": [
                {"cache_read": 132_000, "cache_write": 3_000_000, "input": 2_500_000, "output": 10_000_000},
                {"input": 5_000_000, "output": 20_000_000, "above": 200_000},
                {"input": 1_250_000, "output": 5_000_000, "tier": "flex"},
            ],
        },
        "together/c": {"mode": "chat", "rates": [{"input": 100_000}]},
    }


def test_the_version_is_the_date_and_the_content(source: Path) -> None:
    first = build(source, DAY)
    assert first == build(source, DAY)
    assert first["version"].startswith("2026-01-02-")
    source.write_text(json.dumps({"gpt-x": MAP["gpt-x"]}))
    assert build(source, DAY)["version"] != first["version"]
    assert "MIT" in first["attribution"]


def test_a_written_file_is_a_book(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "prices.json"
    version = write(target, source, DAY)
    book = PriceBook.load(target)
    assert book.version == version
    assert book.cost("groq", "a/b", None, Usage(input_tokens=2, output_tokens=1)).picodollars == 200_000
    assert json.loads(target.read_text())["prices"] == build(source, DAY)["prices"]
    assert sum(line.startswith('"groq/') for line in target.read_text().splitlines()) == 1


def test_the_bundled_map_is_found() -> None:
    assert find_source().name.startswith("model_prices")


def test_without_litellm_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices_update, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError):
        find_source()
