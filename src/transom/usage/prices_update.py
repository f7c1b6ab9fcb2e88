"""Makes config/prices.json from the price map that the litellm package carries."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transom.types import PICODOLLARS_PER_DOLLAR, Json

_MODES = frozenset(("chat", "completion", "responses", "embedding"))
"""Modes that are paid by the token. Images, audio, video, search and rerank are not, or not only."""

_PROVIDERS = {"together_ai": "together", "text-completion-openai": "openai"}
"""Transom's name for a provider, where it isn't the map's."""

_BILLED_OTHERWISE = frozenset(("cohere", "cohere_chat"))
"""Providers that don't bill the tokens they report: Cohere leaves its own prompt out."""

_LOCAL = frozenset(("ollama",))
"""Providers that are free. Elsewhere a price of 0 means that nobody knows it."""

_FIELD = re.compile(
    r"(input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost)"
    r"(?:_above_(\d+)k_tokens)?(?:_(flex|priority|batches))?"
)
_NAMES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
}
_TIERS = {None: "", "flex": "flex", "priority": "priority", "batches": "batch"}

_ATTRIBUTION = "Prices from LiteLLM's model_prices_and_context_window.json, (c) Berri AI, MIT licence"


def find_source() -> Path:
    """The map inside the litellm package, found without importing it. Raises FileNotFoundError if there is none."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("litellm is not installed")
    return Path(spec.origin).parent / "model_prices_and_context_window_backup.json"


def build(source: Path, dated: date | None = None) -> dict[str, Json]:
    """The content of a price file. Its version is the date (today's if not given) and a digest of the prices."""
    listed = json.loads(source.read_text(), parse_float=Decimal)
    found = {_key(name, entry): _price(entry) for name, entry in sorted(listed.items()) if _is_usable(name, entry)}
    prices = {key: price for key, price in sorted(found.items()) if price["rates"]}
    digest = sha256(json.dumps(prices, sort_keys=True).encode()).hexdigest()[:8]
    return {
        "version": f"{dated or datetime.now(UTC).date()}-{digest}",
        "attribution": _ATTRIBUTION,
        "unit": "picodollars a token",
        "prices": prices,
    }


def write(target: Path, source: Path | None = None, dated: date | None = None) -> str:
    """Write a price file, a model a line, so that a change of price is one line's. Returns the version."""
    content = build(source or find_source(), dated)
    prices = content.pop("prices")
    head = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in content.items()]
    lines = [f"{json.dumps(key)}:{_compact(price)}" for key, price in prices.items()]
    target.write_text("\n".join(["{", *head, '"prices": {', ",\n".join(lines), "}}"]) + "\n")
    return str(content["version"])


def _compact(price: Json) -> str:
    return json.dumps(price, separators=(",", ":"))


def _is_usable(name: str, entry: dict[str, Any]) -> bool:
    """Whether input, output and cache prices say all that a call costs."""
    if entry.get("mode") not in _MODES or entry.get("litellm_provider") in _BILLED_OTHERWISE:
        return False
    if "tiered_pricing" in entry or "audio" in name:
        return False
    thought = entry.get("output_cost_per_reasoning_token")
    if thought is not None and thought != entry.get("output_cost_per_token"):
        return False
    known = any(entry.get(field) for field in ("input_cost_per_token", "output_cost_per_token"))
    return known or entry.get("litellm_provider") in _LOCAL


def _key(name: str, entry: dict[str, Any]) -> str:
    provider = entry["litellm_provider"]
    return f"{_PROVIDERS.get(provider, provider)}/{name.removeprefix(f'{provider}/')}"


def _price(entry: dict[str, Any]) -> dict[str, Json]:
    rows: dict[tuple[str, int], dict[str, Json]] = defaultdict(dict)
    for field, value in entry.items():
        if (match := _FIELD.fullmatch(field)) and isinstance(value, int | Decimal):
            name, above, tier = match.groups()
            rows[_TIERS[tier], int(above or 0) * 1000][_NAMES[name]] = _picodollars(value)
    return {"mode": entry["mode"], "rates": [_row(*key, rows[key]) for key in sorted(rows) if "input" in rows[key]]}


def _row(tier: str, above: int, prices: dict[str, Json]) -> dict[str, Json]:
    conditions: dict[str, Json] = {"tier": tier} if tier else {}
    if above:
        conditions["above"] = above
    return dict(sorted(prices.items())) | conditions


def _picodollars(dollars: int | Decimal) -> int:
    """Whole picodollars: the map's prices are floats, some with an error in their last digit."""
    return int((Decimal(dollars) * PICODOLLARS_PER_DOLLAR).to_integral_value(ROUND_HALF_EVEN))
