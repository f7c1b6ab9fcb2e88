"""litellm, silent and harmless: nothing logged, sent home, kept, retried, followed, fetched or guessed."""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any, NoReturn

from transom.translate import cohere, google

_ENVIRONMENT = {
    # Not from the net.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    # Otherwise it reads the .env of the current folder.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    # It would fetch any address that a caller names.
    "MAX_IMAGE_URL_DOWNLOAD_SIZE_MB": "0",
}
_LENT = ("_API_KEY", "_API_BASE", "_BASE_URL", "_AUTH_TOKEN", "_BEDROCK_RUNTIME_ENDPOINT")
"""Ends of names of variables that litellm would take a credential or an address from, where a call brings none."""

_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")

CALL: dict[str, Any] = {"num_retries": 0, "max_retries": 0, "no-log": True, "_skip_mcp_handler": True}
"""Arguments of each call: the gateway retries, nothing is logged, and no tool is one that litellm runs."""


def load() -> Any:
    """Import litellm, which takes some seconds, and make it harmless. Returns the module."""
    prepare(os.environ)
    # Its warnings quote the values that they warn of.
    warnings.simplefilter("ignore")
    litellm = import_module("litellm")
    _silence(litellm)
    _bind_client(import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler)
    cohere.mend(litellm)
    google.mend(litellm.VertexGeminiConfig)
    gc.collect()
    gc.freeze()
    return litellm


def prepare(environment: MutableMapping[str, str]) -> None:
    """Leave nothing in the environment that would bend litellm, or lend a key to a caller who brought none."""
    for name in list(environment):
        if name.startswith("LITELLM_") or name.endswith(_LENT):
            del environment[name]
    environment.update(_ENVIRONMENT)


def _silence(litellm: Any) -> None:
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    litellm.drop_params = False
    litellm.modify_params = False
    # It would count where the provider didn't: then 0 comes instead, which no prompt has.
    litellm.disable_token_counter = True
    # httpx, so that errors are httpx's; and its connections end when a call is cancelled.
    litellm.disable_aiohttp_transport = True


def _bind_client(handler: Any) -> None:
    """Its HTTP client follows no redirect, which would carry a key to another host, and tries nothing twice."""
    make = handler.create_client

    def create_client(self: Any, *args: Any, **more: Any) -> Any:
        self.follow_redirects = False
        return make(self, *args, **more)

    async def raise_what_failed(*_args: Any, **_more: Any) -> NoReturn:
        # litellm calls this where it handles that error.
        raise

    handler.create_client = create_client
    handler.single_connection_post_request = raise_what_failed
