"""Which providers a request goes to, and in which order."""

from collections import Counter

import pytest
from pydantic import SecretStr

from transom.config import PUBLIC_PROVIDERS, Provider, Route, RouteTarget, Settings
from transom.gateway.errors import Refused
from transom.gateway.routes import Plan, Router, Target, read_routing
from transom.gateway.upstream import parse_origin

CHAT = b"/v1/chat/completions"
TRANSLATOR = parse_origin("http://127.0.0.1:9")
SETTINGS = Settings(
    providers={
        "openai": Provider(base_url="https://api.openai.com"),
        "groq": Provider(base_url="https://api.groq.com/openai/", api_key=SecretStr("held")),
        "azure": Provider(base_url="https://a.openai.azure.com/openai", api_key=SecretStr("held too")),
        "local": Provider(base_url="http://[::1]:8000"),
    },
    routes={
        "fast": Route(provider="groq", model="llama-3.1-8b-instant"),
        "gpt-4o": Route(provider="local"),
        "smart": Route(
            targets=[
                RouteTarget(provider="local", model="spare", weight=0),
                RouteTarget(provider="openai", model="gpt-4o", weight=3),
                RouteTarget(provider="anthropic", model="claude", weight=0),
                RouteTarget(provider="azure", model="gpt-4o", weight=1),
            ],
            retries=5,
            first_byte_s=30,
        ),
        "claude": Route(provider="anthropic", model="claude-sonnet-4-5"),
    },
)


def first(path: bytes, model: str | None = None, anthropic: bool = False, settings: Settings = SETTINGS) -> Target:
    return Router(settings).plan(path, model, anthropic).targets[0]


def order(plan: Plan) -> list[str]:
    return [target.provider for target in plan.targets]


@pytest.mark.parametrize(
    ("path", "model", "anthropic", "provider", "upstream"),
    [
        ("/v1/chat/completions", "gpt-4o-mini", False, "openai", "/v1/chat/completions"),
        ("/chat/completions", None, False, "openai", "/v1/chat/completions"),
        ("/chat/completions/", None, False, "openai", "/v1/chat/completions/"),
        ("/v1/chat/completions/", None, False, "openai", "/v1/chat/completions/"),
        ("/v1", None, False, "openai", "/v1"),
        ("/v1/messages", "claude-3", True, "anthropic", "/v1/messages"),
        ("/messages", "claude-3", True, "anthropic", "/v1/messages"),
        ("/v1/chat/completions", "fast", False, "groq", "/openai/v1/chat/completions"),
        ("/v1/chat/completions", "gpt-4o", False, "local", "/v1/chat/completions"),
        ("/groq/v1/models", None, False, "groq", "/openai/v1/models"),
        ("/groq", None, False, "groq", "/openai/"),
        ("/openai/v1/files/a%2Fb", None, False, "openai", "/v1/files/a%2Fb"),
    ],
)
def test_targets(path: str, model: str | None, anthropic: bool, provider: str, upstream: str):
    target = first(path.encode(), model, anthropic)
    assert (target.provider, target.path) == (provider, upstream.encode())


def test_every_known_provider_can_be_addressed_unconfigured():
    router = Router(Settings())
    assert [router.plan(f"/{name}/x".encode(), None, False).targets[0].provider for name in PUBLIC_PROVIDERS] == list(
        PUBLIC_PROVIDERS
    )


def test_a_route_renames_the_model_and_brings_the_held_key():
    target = first(CHAT, "fast")
    assert (target.route, target.model, target.api_key) == ("fast", "llama-3.1-8b-instant", "held")
    assert target.upstream == ("groq", "llama-3.1-8b-instant")
    assert first(CHAT, "gpt-4o").upstream == ("local", "gpt-4o")


def test_the_default_provider_takes_what_no_route_names():
    settings = SETTINGS.model_copy(update={"default_provider": "local"})
    assert first(b"/v1/messages", "claude-3", True, settings).provider == "local"


@pytest.mark.parametrize("path", [b"/nobody/v1/chat/completions", b"/", b"//v1", b"/v1x/chat", b"/\xff/v1"])
def test_an_unknown_provider_is_told_the_right_base_url(path: bytes):
    with pytest.raises(Refused) as refused:
        first(path)
    assert refused.value.status == 404
    assert "http://127.0.0.1:4000/v1" in refused.value.message


def test_an_ipv6_origin_has_its_brackets():
    assert first(b"/local/x").origin.authority == b"[::1]:8000"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'{"model": 1}', b'{"model": "\xff"}', b'"x"', b"[" * 100_000]
)
def test_a_body_that_routing_cannot_read_names_no_model(body: bytes):
    assert read_routing(body).model is None


def test_routing_reads_what_it_needs():
    routing = read_routing(b'{"model":"fast","stream":true,"messages":[],"prompt_cache_key":"k","transom":{"a":1}}')
    assert (routing.model, routing.stream, routing.prompt_cache_key) == ("fast", True, "k")
    assert bytes(routing.transom) == b'{"a":1}'


@pytest.mark.parametrize("wrong", [b'"stream":1', b'"prompt_cache_key":7', b'"stream":"yes","prompt_cache_key":[{}]'])
def test_a_member_of_the_wrong_type_takes_no_other_with_it(wrong: bytes):
    routing = read_routing(b'{"model":"fast","transom":{},' + wrong + b"}")
    assert (routing.model, routing.stream, routing.prompt_cache_key) == ("fast", False, None)
    assert bytes(routing.transom) == b"{}"


def test_members_that_are_null_are_not_there():
    routing = read_routing(b'{"model":"fast","stream":null,"prompt_cache_key":null}')
    assert (routing.model, bool(routing.stream), routing.prompt_cache_key) == ("fast", False, None)


def test_a_route_away_from_the_default_provider_is_not_what_the_caller_addressed():
    assert not first(CHAT, "fast").addressed
    assert first(CHAT, "other").addressed
    assert first(b"/groq/v1/chat/completions", "fast").addressed
    at_home = SETTINGS.model_copy(update={"default_provider": "groq"})
    assert first(CHAT, "fast", settings=at_home).addressed


def test_the_caller_s_credential_goes_only_where_it_was_addressed_and_no_key_is_held():
    carrying = {t.provider: t.carries_credential for t in Router(SETTINGS).plan(CHAT, "smart", False).targets}
    assert carrying == {"openai": True, "azure": False, "local": False, "anthropic": False}
    assert not first(b"/groq/v1/models").carries_credential


def test_without_a_route_there_is_one_target_and_no_retry():
    for path in (CHAT, b"/groq/v1/chat/completions"):
        plan = Router(SETTINGS).plan(path, "other", False)
        assert (len(plan.targets), plan.retries, plan.first_byte_s) == (1, 0, None)


def test_a_route_has_each_target_once_those_of_weight_0_last_as_they_are_listed():
    plan = Router(SETTINGS).plan(CHAT, "smart", False)
    assert sorted(order(plan)[:2]) == ["azure", "openai"]
    assert order(plan)[2:] == ["local", "anthropic"]
    assert (plan.retries, plan.first_byte_s) == (5, 30)


def test_a_target_of_weight_0_never_comes_first():
    targets = [RouteTarget(provider="groq", weight=0), RouteTarget(provider="local")]
    settings = SETTINGS.model_copy(update={"routes": {"r": Route(targets=targets)}})
    assert order(Router(settings).plan(CHAT, "r", False)) == ["local", "groq"]


def test_the_first_target_is_drawn_by_weight():
    router = Router(SETTINGS)
    drawn = Counter(order(router.plan(CHAT, "smart", False))[0] for _ in range(4000))
    # 3 of 4, give or take six standard deviations: wrong once in 500 million runs.
    assert drawn["openai"] == pytest.approx(3000, abs=6 * (4000 * 0.75 * 0.25) ** 0.5)


def test_a_key_goes_to_the_same_target_in_every_process_and_after_every_start():
    firsts = [order(Router(SETTINGS).plan(CHAT, "smart", False, f"key {n}"))[0] for n in range(12)]
    assert "".join(name[0] for name in firsts) == "ooaoooooooao"
    assert firsts == [order(Router(SETTINGS).plan(CHAT, "smart", False, f"key {n}"))[0] for n in range(12)]


def test_a_key_of_any_characters_sticks():
    router = Router(SETTINGS)
    for key in ("\ud800", "\0", "é" * 10_000):
        assert router.plan(CHAT, "smart", False, key) == router.plan(CHAT, "smart", False, key)


USAGE = [
    ("https://api.openai.com", "/v1/chat/completions", True),
    ("https://api.openai.com", "/v1/completions", False),
    ("https://api.openai.com", "/v1/responses", False),
    ("https://eu.api.openai.com", "/v1/chat/completions", True),
    ("https://notapi.openai.com.example", "/v1/chat/completions", False),
    ("https://a.openai.azure.com", "/openai/v1/chat/completions", True),
    ("https://a.openai.azure.com", "/openai/deployments/d/chat/completions", False),
    ("https://api.mistral.ai", "/v1/chat/completions", False),
    ("http://127.0.0.1:8000", "/v1/chat/completions", False),
]


@pytest.mark.parametrize(("base_url", "path", "asked"), USAGE)
def test_usage_is_asked_of_providers_known_to_give_it(base_url: str, path: str, asked: bool):
    settings = Settings(providers={"some": Provider(base_url=base_url)})
    assert first(b"/some" + path.encode(), settings=settings).include_usage == asked


def test_an_ollama_is_known_by_its_name_wherever_it_is():
    settings = Settings(providers={"ollama": Provider(base_url="http://10.0.0.1:8000")})
    assert first(b"/ollama/v1/chat/completions", settings=settings).include_usage
    assert first(b"/ollama/v1/chat/completions", settings=Settings()).include_usage


@pytest.mark.parametrize(
    ("of_provider", "of_route", "asked"),
    [(None, None, True), (False, None, False), (False, True, True), (True, False, False), (True, None, True)],
)
def test_the_route_decides_about_usage_before_the_provider_does(
    of_provider: bool | None, of_route: bool | None, asked: bool
):
    openai = Provider(base_url="https://api.openai.com", include_usage=of_provider)
    settings = Settings(
        providers={"openai": openai}, routes={"r": Route(provider="openai", model="m", include_usage=of_route)}
    )
    assert first(CHAT, "r", settings=settings).include_usage == asked
    assert first(CHAT, "m", settings=settings).include_usage == (of_provider is not False)
    assert not first(b"/v1/responses", "r", settings=settings).include_usage


def test_usage_may_be_asked_of_anyone_who_is_said_to_give_it():
    settings = Settings(providers={"azure": Provider(base_url="https://a.openai.azure.com", include_usage=True)})
    assert first(b"/azure/openai/deployments/d/chat/completions", settings=settings).include_usage


def test_chat_by_a_route_to_another_wire_goes_to_the_translator():
    target = Router(SETTINGS, TRANSLATOR).plan(CHAT + b"/", "claude", False).targets[0]
    assert (target.provider, target.wire, target.translated) == ("anthropic", "anthropic", True)
    assert (target.origin, target.path) == (TRANSLATOR, b"/anthropic/v1/chat/completions")
    assert (target.model, target.include_usage, target.addressed) == ("claude-sonnet-4-5", True, False)


def test_chat_to_a_chosen_default_of_another_wire_goes_to_the_translator():
    settings = SETTINGS.model_copy(update={"default_provider": "anthropic"})
    target = Router(settings, TRANSLATOR).plan(CHAT, "claude-3", False).targets[0]
    assert (target.path, target.translated, target.addressed) == (b"/anthropic/v1/chat/completions", True, True)


def test_a_translation_with_the_machine_s_own_credentials_carries_none_of_the_caller_s():
    bedrock = Provider(base_url="https://bedrock.example", speaks="bedrock")
    settings = Settings(providers={"aws": bedrock}, default_provider="aws")
    router = Router(settings, TRANSLATOR)
    assert not router.plan(CHAT, "m", False).targets[0].carries_credential
    assert router.plan(b"/v1/models", None, False).targets[0].carries_credential


@pytest.mark.parametrize(
    ("path", "model", "anthropic"),
    [
        (b"/anthropic/v1/chat/completions", "claude", False),
        (b"/v1/messages", "claude", True),
        (b"/v1/embeddings", "claude", False),
        (CHAT, "claude-3", True),
        (CHAT, "fast", False),
    ],
)
def test_what_is_addressed_or_not_chat_or_spoken_natively_is_not_translated(path: bytes, model: str, anthropic: bool):
    target = Router(SETTINGS, TRANSLATOR).plan(path, model, anthropic).targets[0]
    assert not target.translated
    assert target.origin != TRANSLATOR


def test_without_a_translator_chat_goes_as_it_is():
    target = first(CHAT, "claude")
    assert (target.translated, target.path, target.wire) == (False, CHAT, "anthropic")


def test_no_key_is_shown():
    router = Router(SETTINGS)
    shown = repr(router.plan(CHAT, "smart", False)) + repr(router.plan(CHAT, "fast", False)) + repr(vars(router))
    assert "held" not in shown
    assert "groq" in shown
