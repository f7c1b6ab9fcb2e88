"""Cohere's v2 chat as it is on the wire: litellm asks it for less than it can do, and doesn't read its streams.

https://docs.cohere.com/reference/chat, https://docs.cohere.com/v2/docs/streaming, and recorded traffic.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from transom.translate.problem import Problem

_FINISH = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}
_TOOL_CHOICES = {"required": "REQUIRED", "none": "NONE"}


def mend(litellm: Any) -> None:
    """Put our reading in the place of litellm's, which takes the parameters of v2 by the rules of v1."""
    v1, v2 = litellm.CohereChatConfig, litellm.CohereV2ChatConfig
    mapped, supported, transformed = v1.map_openai_params, v2.get_supported_openai_params, v2.transform_response

    def map_openai_params(self: Any, non_default_params: dict[str, Any], *args: Any, **more: Any) -> dict[str, Any]:
        return {**mapped(self, non_default_params, *args, **more), **_parameters(non_default_params)}

    def get_supported_openai_params(self: Any, model: str) -> list[str]:
        return [*supported(self, model), "response_format"]

    def transform_response(self: Any, model: str, raw_response: Any, *args: Any, **more: Any) -> Any:
        answer = transformed(self, model, raw_response, *args, **more)
        answer.choices[0].finish_reason = _finish_reason(raw_response.json())
        return answer

    def get_model_response_iterator(_self: Any, streaming_response: Any, **_more: Any) -> AsyncIterator[dict[str, Any]]:
        return read_stream(streaming_response)

    v1.map_openai_params = map_openai_params
    v2.get_supported_openai_params = get_supported_openai_params
    v2.transform_response = transform_response
    v2.get_model_response_iterator = get_model_response_iterator


def _parameters(asked: dict[str, Any]) -> dict[str, Any]:
    """`tool_choice` and `response_format`, in Cohere's words."""
    found: dict[str, Any] = {}
    if choice := asked.get("tool_choice"):
        if not isinstance(choice, str) or choice not in _TOOL_CHOICES:
            message = "Transom: Cohere can't be told which tool to call. Use tool_choice 'required'."
            raise Problem(400, message, "unsupported_parameter", "tool_choice")
        found["tool_choice"] = _TOOL_CHOICES[choice]
    if wanted := asked.get("response_format"):
        schema = (wanted.get("json_schema") or {}).get("schema")
        found["response_format"] = {"type": "json_object", **({"json_schema": schema} if schema else {})}
    return found


def _finish_reason(holder: dict[str, Any]) -> str:
    """Raises Problem where the generation failed, which Cohere tells in an answer of status 200."""
    reason = holder.get("finish_reason")
    if reason not in _FINISH:
        raise Problem(502, holder.get("error") or "Cohere could not finish the answer.", reason)
    return _FINISH[reason]


async def read_stream(lines: Any) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream as litellm's generic chunks. `lines` is an async iterable of str."""
    async for line in lines:
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            event = msgspec.json.decode(data)
            if chunk := _chunk(event, event.get("delta") or {}):
                yield chunk


def _chunk(event: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any] | None:
    message = delta.get("message") or {}
    match event.get("type"):
        case "content-delta":
            return _generic(text=message["content"].get("text", ""))
        case "tool-call-start" | "tool-call-delta":
            call = message["tool_calls"]
            return _generic(tool_use={"type": "function", **call, "index": event["index"]})
        case "message-end":
            return _generic(is_finished=True, finish_reason=_finish_reason(delta), usage=_usage(delta))
    return None


def _usage(delta: dict[str, Any]) -> dict[str, int] | None:
    tokens = (delta.get("usage") or {}).get("tokens") or {}
    if "input_tokens" not in tokens or "output_tokens" not in tokens:
        return None
    read, written = int(tokens["input_tokens"]), int(tokens["output_tokens"])
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _generic(**given: Any) -> dict[str, Any]:
    empty = {"text": "", "tool_use": None, "is_finished": False, "finish_reason": "", "usage": None, "index": 0}
    return {**empty, **given}
