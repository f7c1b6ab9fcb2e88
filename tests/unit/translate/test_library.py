"""What litellm is kept from. That it is, tests/integration/test_translation.py shows with the real one."""

from __future__ import annotations

from typing import Any

import pytest

from transom.translate.library import CALL, _bind_client, _silence, prepare


def test_the_environment_lends_no_key_and_no_address():
    environment = {
        "ANTHROPIC_API_KEY": "x",
        "GEMINI_API_BASE": "x",
        "ANTHROPIC_AUTH_TOKEN": "x",
        "ANTHROPIC_BASE_URL": "x",
        "AWS_BEDROCK_RUNTIME_ENDPOINT": "x",
        "LITELLM_DROP_PARAMS": "x",
        "LITELLM_MODE": "DEV",
        "AWS_SECRET_ACCESS_KEY": "kept",
        "GOOGLE_APPLICATION_CREDENTIALS": "kept",
        "HTTPS_PROXY": "kept",
    }
    prepare(environment)
    assert sorted(name for name, value in environment.items() if value == "kept") == [
        "AWS_SECRET_ACCESS_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "HTTPS_PROXY",
    ]
    assert "x" not in environment.values()
    assert environment["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert environment["LITELLM_MODE"] == "PRODUCTION"
    assert environment["MAX_IMAGE_URL_DOWNLOAD_SIZE_MB"] == "0"


def test_it_counts_drops_and_tells_nothing():
    class Module:
        drop_params = modify_params = True
        disable_token_counter = suppress_debug_info = turn_off_message_logging = False

    litellm: Any = Module()
    _silence(litellm)
    assert not litellm.drop_params
    assert not litellm.modify_params
    assert litellm.disable_token_counter
    assert litellm.suppress_debug_info
    assert litellm.turn_off_message_logging
    assert CALL["num_retries"] == CALL["max_retries"] == 0


async def test_its_client_follows_nothing_and_tries_nothing_twice():
    class Handler:
        follow_redirects = True

        def create_client(self, timeout: float) -> tuple[bool, float]:
            return self.follow_redirects, timeout

        async def single_connection_post_request(self) -> str:
            return "tried again"

    _bind_client(Handler)
    assert Handler().create_client(timeout=3) == (False, 3)
    with pytest.raises(ConnectionResetError):
        try:
            raise ConnectionResetError
        except ConnectionResetError:
            await Handler().single_connection_post_request()
