"""OpenAI's SDK, a route, and a provider that speaks another API: `transom serve` with its translator in between."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from openai import OpenAI, RateLimitError

from tests.providers import recorded
from tests.providers.wire_cases import PROMPT, WIRES, Wire
from tests.providers.wires import Reply, Scripted, whole
from tests.running import Running, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not recorded.rows(), reason="the recorded traffic is not beside this checkout"),
]

NAMES = ("anthropic", "cohere")
HELD = "held-by-the-gateway"


@pytest.fixture(scope="module")
def provider() -> Scripted:
    return Scripted()


@pytest.fixture(scope="module")
def server(provider: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with recorded.serving(provider.app) as base_url:
        routes = {f"my-{name}": {"provider": name, "model": WIRES[name]().model, "retries": 0} for name in NAMES}
        settings = {"TRANSOM_ROUTES": json.dumps(routes), "TRANSOM_REDACTION__PROFILE": "fast"}
        for name in NAMES:
            settings[f"TRANSOM_PROVIDERS__{name.upper()}__BASE_URL"] = base_url
            settings[f"TRANSOM_PROVIDERS__{name.upper()}__API_KEY"] = HELD
        with running(tmp_path_factory.mktemp("translated"), **settings) as it:
            yield it


@pytest.fixture
def client(server: Running) -> OpenAI:
    return OpenAI(api_key="own", base_url=f"{server.base_url}/v1", max_retries=0)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wire(name: str) -> Wire:
    return WIRES[name]()


def test_an_answer_comes_back_and_is_recorded(
    server: Running, provider: Scripted, client: OpenAI, name: str, wire: Wire
):
    provider.says(whole(wire.text))
    raw = client.chat.completions.with_raw_response.create(
        model=f"my-{name}", messages=[{"role": "user", "content": PROMPT}]
    )
    assert raw.parse().choices[0].message.content == wire.said
    assert not any("own" in value for value in provider.got.headers.values())
    assert any(HELD in value for value in provider.got.headers.values())
    trace = server.wait_for_trace(raw.headers["x-transom-trace-id"])
    assert (trace["provider"], trace["route"], trace["outcome"]) == (name, f"my-{name}", "stored")
    assert trace["rewrites"] == ["alias", "translation"]
    assert (trace["input_tokens"], trace["output_tokens"]) == wire.counted["text"][:2]


def test_a_stream_comes_back_and_its_usage_is_recorded_without_the_client_seeing_it(
    server: Running, provider: Scripted, client: OpenAI, name: str, wire: Wire
):
    provider.says(Reply(wire.text_stream, kind=wire.kind))
    raw = client.chat.completions.with_raw_response.create(
        model=f"my-{name}", messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    found = list(raw.parse())
    assert "".join(chunk.choices[0].delta.content or "" for chunk in found) == wire.said_streamed
    assert all(chunk.usage is None for chunk in found)
    trace = server.wait_for_trace(raw.headers["x-transom-trace-id"])
    assert trace["rewrites"] == ["alias", "translation", "include_usage"]
    assert (trace["input_tokens"], trace["output_tokens"]) == wire.counted["text_stream"][:2]


def test_an_error_is_openai_s(provider: Scripted, client: OpenAI, name: str, wire: Wire):
    provider.says(whole(wire.error, 429, {"retry-after": "7"}))
    with pytest.raises(RateLimitError) as refused:
        client.chat.completions.create(model=f"my-{name}", messages=[{"role": "user", "content": PROMPT}])
    assert refused.value.response.headers["retry-after"] == "7"
