"""How litellm is told where a call goes."""

from __future__ import annotations

from typing import get_args

import pytest

from transom.config import Provider, Route, Settings, Wire
from transom.translate.providers import TRANSLATIONS, address, in_use


def provider(speaks: Wire, base_url: str = "https://api.example") -> Provider:
    return Provider(base_url=base_url, speaks=speaks)


def test_every_api_but_openais_has_a_translation():
    assert set(TRANSLATIONS) == set(get_args(Wire)) - {"openai"}
    assert all(one.status in ("translated", "experimental") for one in TRANSLATIONS.values())


@pytest.mark.parametrize(
    ("speaks", "model", "api_base"),
    [
        ("anthropic", "anthropic/m", "https://api.example"),
        ("gemini", "gemini/m", "https://api.example/v1beta"),
        ("cohere", "cohere_chat/m", "https://api.example/v2/chat"),
        ("ollama", "ollama_chat/m", "https://api.example"),
        ("bedrock", "bedrock/converse/m", "https://api.example"),
        ("vertex_ai", "vertex_ai/m", "https://api.example"),
    ],
)
def test_a_call_goes_to_the_base_url_with_the_key(speaks: Wire, model: str, api_base: str):
    found = address(provider(speaks), "m", "a-key")
    assert (found["model"], found["api_base"], found["api_key"]) == (model, api_base, "a-key")


def test_the_region_is_read_from_the_base_url():
    bedrock = provider("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com")
    assert address(bedrock, "m", None)["aws_region_name"] == "eu-west-1"
    assert "aws_region_name" not in address(provider("bedrock"), "m", None)
    vertex = provider("vertex_ai", "https://europe-west4-aiplatform.googleapis.com")
    assert address(vertex, "m", None)["vertex_location"] == "europe-west4"


def test_vertex_takes_project_and_place_where_google_puts_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "global")
    found = address(provider("vertex_ai", "https://aiplatform.googleapis.com"), "m", None)
    assert (found["vertex_project"], found["vertex_location"]) == ("a-project", "global")


def test_a_translator_is_needed_where_a_provider_in_use_speaks_otherwise():
    claude = {"claude": Route(provider="anthropic", model="m")}
    assert in_use(Settings(routes=claude))
    assert in_use(Settings(default_provider="gemini"))
    assert not in_use(
        Settings(default_provider="openai", providers={"mine": {"base_url": "http://x", "speaks": "cohere"}})
    )
    assert not in_use(Settings())
