"""An OpenAI chat completion → the arguments of litellm's `acompletion`.

Only OpenAI's own parameters pass: litellm takes hundreds of others from the same arguments, among them where to call
and with which key. What a provider's API has no word for is refused and not left out, unless leaving it out changes
nothing in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from transom.translate.errors import unsupported_parameter
from transom.translate.problem import Problem
from transom.translate.providers import Translation

_TRANSLATED = {
    "messages",
    "stream",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "n",
    "seed",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "logprobs",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "reasoning_effort",
}
_WITHOUT_EFFECT = {
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
    "prediction",
}
"""Who asks, what to keep, how fast: left out, the answer is the same."""

_DEFAULTS: dict[str, Any] = {
    "n": 1,
    "logprobs": False,
    "top_logprobs": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logit_bias": {},
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "response_format": {"type": "text"},
    "modalities": ["text"],
}
"""OpenAI's defaults: to ask for them is to ask for nothing."""

_LONGEST_SCHEME = 32


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function


class _Part(msgspec.Struct):
    type: Literal["text", "image_url", "input_audio", "file", "refusal"]


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None
    tool_calls: list[_Call] | None = None


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class _Request(msgspec.Struct):
    """What a request must be for litellm to make something of it; the provider judges the rest."""

    model: str
    messages: list[_Message]
    stream: bool | None = None
    tools: list[_Call] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: _Format | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


def read(body: bytes, translation: Translation, provider: str) -> dict[str, Any]:
    """The request's members, `model` among them. Raises Problem for one that can't be translated."""
    try:
        request = msgspec.json.decode(body, type=dict[str, Any])
        msgspec.convert(request, _Request)
    except msgspec.ValidationError as error:
        # Says what was expected where, not what came.
        raise Problem(400, f"Transom: the request is not a chat completion: {error}.", "invalid_request") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "Transom: the request's body is not valid JSON.", "invalid_json") from None
    if not translation.takes_addresses and any(_addresses(request["messages"])):
        message = f"Transom: the provider '{provider}' takes images as data: URLs alone, and Transom fetches none."
        raise Problem(400, message, "unsupported_image_url", "messages")
    return {"model": request["model"], **_parameters(request, translation, provider)}


def _parameters(request: dict[str, Any], translation: Translation, provider: str) -> dict[str, Any]:
    kept = {}
    for name, value in request.items():
        if name in _WITHOUT_EFFECT or name == "model" or value is None or _is_default(name, value):
            continue
        if name == "stream_options":
            kept[name] = {"include_usage": wants_usage(request)}
        elif name not in _TRANSLATED or name in translation.refused:
            raise unsupported_parameter(name, provider)
        else:
            kept[name] = value
    return kept


def wants_usage(request: dict[str, Any]) -> bool:
    """Whether a stream is to end with a chunk of its usage."""
    options = request.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _is_default(name: str, value: Any) -> bool:
    return name in _DEFAULTS and bool(value == _DEFAULTS[name])


def _addresses(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Addresses of images and files in messages that somebody would have to fetch."""
    parts = (part for message in messages if isinstance(message.get("content"), list) for part in message["content"])
    for part in parts:
        holder = part.get(part["type"]) if part["type"] != "text" else None
        for found in holder.values() if isinstance(holder, dict) else [holder]:
            if isinstance(found, str) and "://" in found[:_LONGEST_SCHEME]:
                yield found
