"""Which provider a request goes to."""

import pytest
from pydantic import SecretStr

from transom.config import Provider, Route, Settings
from transom.gateway.errors import Refused
from transom.gateway.routes import Router, read_routing

SETTINGS = Settings(
    providers={
        "openai": Provider(base_url="https://api.openai.com"),
        "groq": Provider(base_url="https://api.groq.com/openai/", api_key=SecretStr("held")),
        "local": Provider(base_url="http://[::1]:8000"),
    },
    routes={"fast": Route(provider="groq", model="llama-3.1-8b-instant"), "gpt-4o": Route(provider="local")},
)


@pytest.mark.parametrize(
    ("path", "model", "anthropic", "provider", "upstream"),
    [
        ("/v1/chat/completions", "gpt-4o-mini", False, "openai", "/v1/chat/completions"),
        ("/chat/completions", None, False, "openai", "/v1/chat/completions"),
        ("/v1/chat/completions/", None, False, "openai", "/v1/chat/completions/"),
        ("/v1/messages", "claude", True, "anthropic", "/v1/messages"),
        ("/v1/chat/completions", "fast", False, "groq", "/openai/v1/chat/completions"),
        ("/v1/chat/completions", "gpt-4o", False, "local", "/v1/chat/completions"),
        ("/groq/v1/models", None, False, "groq", "/openai/v1/models"),
        ("/openai/v1/files/a%2Fb", None, False, "openai", "/v1/files/a%2Fb"),
    ],
)
def test_targets(path: str, model: str | None, anthropic: bool, provider: str, upstream: str):
    target = Router(SETTINGS).resolve(path.encode(), model, anthropic)
    assert (target.provider, target.path) == (provider, upstream.encode())


def test_a_route_renames_the_model_and_brings_the_held_key():
    target = Router(SETTINGS).resolve(b"/v1/chat/completions", "fast", False)
    assert (target.route, target.model, target.api_key) == ("fast", "llama-3.1-8b-instant", "held")


def test_the_default_provider_takes_what_no_route_names():
    settings = SETTINGS.model_copy(update={"default_provider": "local"})
    assert Router(settings).resolve(b"/v1/messages", "claude", True).provider == "local"


def test_an_unknown_provider_is_told_the_right_base_url():
    with pytest.raises(Refused) as refused:
        Router(SETTINGS).resolve(b"/nobody/v1/chat/completions", None, False)
    assert refused.value.status == 404
    assert "http://127.0.0.1:4000/v1" in refused.value.message


def test_an_ipv6_origin_has_its_brackets():
    assert Router(SETTINGS).resolve(b"/local/x", None, False).origin.authority == b"[::1]:8000"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'{"model": 1}', b'{"model": "\xff"}', b'"x"', b"[" * 100_000]
)
def test_a_body_that_routing_cannot_read_names_no_model(body: bytes):
    assert read_routing(body).model is None


def test_a_route_away_from_the_default_provider_is_not_what_the_caller_addressed():
    router = Router(SETTINGS)
    assert not router.resolve(b"/v1/chat/completions", "fast", False).addressed
    assert router.resolve(b"/v1/chat/completions", "other", False).addressed
    assert router.resolve(b"/groq/v1/chat/completions", "fast", False).addressed
    at_home = SETTINGS.model_copy(update={"default_provider": "groq"})
    assert Router(at_home).resolve(b"/v1/chat/completions", "fast", False).addressed
