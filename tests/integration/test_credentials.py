"""A caller's credential is seen by the provider that the caller addressed, and by no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.providers.faulty import BODY, LIMITED, faulty
from tests.running import start, until

pytestmark = pytest.mark.slow

CREDENTIAL = "the-credential-of-the-caller"
CARRIERS = {
    "authorization": f"Bearer {CREDENTIAL}",
    "x-api-key": CREDENTIAL,
    "api-key": CREDENTIAL,
    "x-goog-api-key": CREDENTIAL,
    "proxy-authorization": f"Basic {CREDENTIAL}",
    "cookie": f"session={CREDENTIAL}",
}
ROUTES = """
default_provider: own
routes:
  held: {targets: [{provider: first, model: is overloaded}, {provider: second, model: closes at once, weight: 0},
                   {provider: third, model: well, weight: 0}]}
  own-first: {targets: [{provider: own, model: is overloaded}, {provider: third, model: well, weight: 0}]}
  keyless: {provider: open, model: well}
"""


class Providers:
    """Five providers and a server before them. The gateway holds the keys of three."""

    NAMES = ("own", "first", "second", "third", "open")

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.all = {name: stack.enter_context(faulty()) for name in self.NAMES}
        settings = {
            f"TRANSOM_PROVIDERS__{name.upper()}__BASE_URL": f"http://127.0.0.1:{provider.port}"
            for name, provider in self.all.items()
        }
        settings |= {f"TRANSOM_PROVIDERS__{name.upper()}__API_KEY": f"key-of-{name}" for name in self.NAMES[1:4]}
        file = folder / "transom.yaml"
        file.write_text(ROUTES)
        self.server = start(folder, "--config", str(file), TRANSOM_REDACTION__PROFILE="fast", **settings)
        stack.callback(self.server.stop)
        until(self.server.is_ready)

    def ask(self, path: str, model: str) -> httpx.Response:
        """One call that carries the credential wherever a client may put it."""
        body = {"model": model, "messages": [{"role": "user", "content": "Who are you?"}]}
        url = f"{self.server.base_url}{path}?key={CREDENTIAL}"
        return httpx.post(url, json=body, headers=CARRIERS, timeout=60)

    def seen_by(self, name: str) -> bytes:
        return b"".join(self.all[name].requests)

    def attempts(self, answer: httpx.Response) -> list[tuple[str, int | None]]:
        trace: dict[str, Any] = self.server.wait_for_trace(answer.headers["x-transom-trace-id"])
        return [(attempt["provider"], attempt["status"]) for attempt in trace["attempts"]]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Providers]:
    with ExitStack() as stack:
        yield Providers(stack, tmp_path_factory.mktemp("credentials"))


@pytest.fixture
def providers(installation: Providers) -> Iterator[Providers]:
    """The installation; after each test nobody but the caller's own provider has seen its credential."""
    for provider in installation.all.values():
        provider.requests.clear()
    yield installation
    for name in Providers.NAMES[1:]:
        assert CREDENTIAL.encode() not in installation.seen_by(name), name


def test_the_provider_that_was_addressed_gets_the_credential_and_no_other_is_tried(providers: Providers):
    answer = providers.ask("/own/v1/chat/completions", "is overloaded")
    assert (answer.status_code, answer.content) == (503, LIMITED)
    assert providers.attempts(answer) == [("own", 503)]
    assert f"Bearer {CREDENTIAL}".encode() in providers.seen_by("own")


def test_fallbacks_are_made_with_the_keys_that_the_gateway_holds(providers: Providers):
    answer = providers.ask("/v1/chat/completions", "held")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert providers.attempts(answer) == [("first", 503), ("second", None), ("third", 200)]
    for name in ("first", "second", "third"):
        assert f"Bearer key-of-{name}".encode() in providers.seen_by(name)
        others = {"first", "second", "third"} - {name}
        assert not any(f"key-of-{other}".encode() in providers.seen_by(name) for other in others)


def test_a_fallback_from_the_caller_s_own_provider_leaves_the_credential_there(providers: Providers):
    answer = providers.ask("/v1/chat/completions", "own-first")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert providers.attempts(answer) == [("own", 503), ("third", 200)]


def test_a_provider_that_a_route_chose_without_a_key_gets_none(providers: Providers):
    answer = providers.ask("/v1/chat/completions", "keyless")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert b"authorization" not in providers.seen_by("open").lower()


def test_a_redirect_is_not_followed_to_another_provider(providers: Providers):
    assert providers.ask("/own/v1/chat/completions", "redirects").status_code == 302
    assert [name for name in Providers.NAMES if providers.seen_by(name)] == ["own"]
