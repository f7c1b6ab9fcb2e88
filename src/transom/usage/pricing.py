"""Money: token counts times prices, in whole picodollars, by a price book that has a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec

from transom.config import ConfigError
from transom.types import Cost, Usage

_BASE_TIERS = frozenset((None, "auto", "default", "standard", "on_demand"))
"""Service tiers that pay the listed price (OpenAI, Anthropic and Groq name theirs so)."""

_ORIGINS = ("openai", "anthropic")
"""Whose models a provider of the user's own is taken to relay, if the name of the model is one of theirs."""

_DATE = re.compile(r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2})$")


class Rates(msgspec.Struct, frozen=True, omit_defaults=True):
    """Prices in picodollars a token; None is unknown.

    `tier` is a service tier with prices of its own. `above` is a number of input tokens: beyond it, these prices
    hold for the whole call.
    """

    input: int
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    tier: str | None = None
    above: int = 0


class Price(msgspec.Struct, frozen=True):
    """What a model costs. `mode` is chat, completion, responses or embedding."""

    mode: str
    rates: list[Rates]


class PriceFile(msgspec.Struct, frozen=True):
    """The content of prices.json: prices by `provider/model`."""

    version: str
    attribution: str
    unit: str
    prices: dict[str, Price]


class PriceBook:
    """Prices of one version."""

    def __init__(self, file: PriceFile) -> None:
        self.version = file.version
        self._prices = file.prices
        self._providers = {key.partition("/")[0] for key in file.prices}

    @classmethod
    def load(cls, path: Path) -> Self:
        """The book in a file. Raises ConfigError that names the file and what is wrong with it."""
        try:
            return cls(msgspec.json.decode(path.read_bytes(), type=PriceFile))
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError(f"prices.file: {path} can't be used: {error}") from error

    def cost(
        self,
        provider: str,
        model: str | None,
        response_model: str | None,
        usage: Usage,
        service_tier: str | None = None,
    ) -> Cost:
        """What a call cost, exactly; None if a price or a count that matters is unknown.

        The model that answered decides, then the one that was asked for; each first under its full name, then
        without its date.
        """
        for name in _names(response_model, model):
            for key in self._keys(provider, name):
                if price := self._prices.get(key):
                    return Cost(_amount(price, usage, service_tier), self.version)
        return Cost(None, self.version)

    def _keys(self, provider: str, model: str) -> Iterator[str]:
        """Where a model may stand. `azure-eu` is taken for azure; an unknown provider for a relay of the makers'."""
        family = provider if provider in self._providers else re.split(r"[-_]", provider)[0]
        if family in self._providers:
            yield f"{family}/{model}"
        else:
            yield model
            yield from (f"{origin}/{model}" for origin in _ORIGINS)


def _names(*models: str | None) -> Iterator[str]:
    for model in models:
        if not model:
            continue
        name = ":".join(model.split(":")[:2]) if model.startswith("ft:") else model
        yield name
        if (undated := _DATE.sub("", name)) != name:
            yield undated


def _amount(price: Price, usage: Usage, service_tier: str | None) -> int | None:
    output = 0 if price.mode == "embedding" else usage.output_tokens
    if usage.input_tokens is None or output is None:
        return None
    rates = _rates(price, usage.input_tokens, service_tier)
    if rates is None:
        return None
    read, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    fresh = usage.input_tokens - read - written
    if fresh < 0:
        return None
    parts = (
        (fresh, rates.input),
        (output, rates.output),
        (read, rates.cache_read),
        (written, rates.cache_write),
    )
    total = 0
    for tokens, rate in parts:
        if tokens and rate is None:
            return None
        total += tokens * (rate or 0)
    return total


def _rates(price: Price, input_tokens: int, service_tier: str | None) -> Rates | None:
    tier = None if service_tier in _BASE_TIERS else service_tier
    held = [rates for rates in price.rates if rates.tier == tier and (not rates.above or input_tokens > rates.above)]
    return max(held, key=lambda rates: rates.above, default=None)
