"""The providers that are translated: how far each is proved, and how litellm is to address it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Literal

from transom.config import Provider, Settings, Wire


@dataclass(frozen=True, slots=True)
class Translation:
    """How chat completions are translated to one API.

    `status` is `translated` where streams, tools, errors and usage pass against the provider's recorded or documented
    traffic (tests/integration/test_translation.py), else `experimental`. `model` and `path` are what litellm wants
    before the model's name and behind the base URL. `needs_key` is whether a call without a credential is refused.
    `takes_addresses` is whether the provider fetches images itself: we don't. `refused` are parameters that litellm
    would leave out or bend, although they change the answer. `counts_reasoning` is whether the provider counts the
    tokens of its reasoning: litellm guesses where it doesn't.
    """

    model: str
    path: str = ""
    needs_key: bool = True
    takes_addresses: bool = False
    refused: frozenset[str] = frozenset()
    counts_reasoning: bool = False
    status: Literal["translated", "experimental"] = "translated"


TRANSLATIONS: dict[Wire, Translation] = {
    "anthropic": Translation("anthropic/", takes_addresses=True),
    "gemini": Translation("gemini/", "/v1beta", refused=frozenset({"parallel_tool_calls"}), counts_reasoning=True),
    "vertex_ai": Translation(
        "vertex_ai/", needs_key=False, refused=frozenset({"parallel_tool_calls"}), counts_reasoning=True
    ),
    "bedrock": Translation("bedrock/converse/", needs_key=False, refused=frozenset({"parallel_tool_calls"})),
    "cohere": Translation("cohere_chat/", "/v2/chat", takes_addresses=True, refused=frozenset({"n"})),
    "ollama": Translation("ollama_chat/", needs_key=False, refused=frozenset({"tool_choice", "frequency_penalty"})),
}

_REGION = {
    "bedrock": re.compile(r"//bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\."),
    "vertex_ai": re.compile(r"//([a-z0-9-]+)-aiplatform\."),
}
"""The region in a base URL: https://bedrock-runtime.eu-west-1.amazonaws.com, https://europe-west4-aiplatform.googleapis.com."""


def in_use(settings: Settings) -> bool:
    """Whether any provider of a route, or the default one, needs a translator."""
    names = {choice.provider for route in settings.routes.values() for choice in route.choices}
    known = [settings.provider(name) for name in names | {settings.default_provider or ""}]
    return any(one.speaks != "openai" for one in known if one)


def address(provider: Provider, model: str, key: str | None) -> dict[str, Any]:
    """The arguments of litellm's that say where a call goes, and with which credential.

    Without a key, Bedrock and Vertex use those of this process's environment, in AWS's and Google's usual places.
    """
    translation = TRANSLATIONS[provider.speaks]
    given: dict[str, Any] = {
        "model": translation.model + model,
        "api_base": provider.base_url + translation.path,
        "api_key": key,
    }
    region = _region(provider)
    if provider.speaks == "bedrock" and region:
        given["aws_region_name"] = region
    if provider.speaks == "vertex_ai":
        given["vertex_location"] = region or os.environ.get("GOOGLE_CLOUD_LOCATION")
        given["vertex_project"] = os.environ.get("GOOGLE_CLOUD_PROJECT")
    return given


def _region(provider: Provider) -> str | None:
    pattern = _REGION.get(provider.speaks)
    found = pattern.search(provider.base_url) if pattern else None
    return found.group(1) if found else None
