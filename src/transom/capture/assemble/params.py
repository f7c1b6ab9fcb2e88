"""The sampling and format settings of a request, and its tools, under one name each whoever the provider is."""

from __future__ import annotations

from transom.capture.assemble.values import Body, mapping, objects, text, word
from transom.types import Json

_NAMES = {
    name: name
    for name in (
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "n",
        "seed",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
        "logprobs",
        "top_logprobs",
        "stop",
        "reasoning_effort",
        "verbosity",
        "service_tier",
        "parallel_tool_calls",
        "truncation",
        "dimensions",
        "encoding_format",
        "size",
        "quality",
        "top_n",
        "store",
        "background",
    )
} | {
    "p": "top_p",
    "k": "top_k",
    "num_predict": "max_tokens",
    "repeat_penalty": "repetition_penalty",
    "stop_sequences": "stop",
    "random_seed": "seed",
    "input_type": "input_type",
}
"""The name that a setting has here, by its name in a request (Cohere, Ollama, Anthropic and Mistral have their own)."""


def read_params(request: Body) -> Body:
    """The settings that a request gives. Only numbers, booleans, and short strings or lists of them."""
    params: Body = {}
    for source in (mapping(request.get("options")), request):
        for name, value in source.items():
            if name in _NAMES and _is_plain(value):
                params[_NAMES[name]] = value
    nested = {
        "response_format": _kind(request.get("response_format") or mapping(request.get("text")).get("format")),
        "tool_choice": _choice(request.get("tool_choice") or request.get("function_call")),
        "reasoning_effort": word(mapping(request.get("reasoning")).get("effort")),
        "verbosity": word(mapping(request.get("text")).get("verbosity")),
        "thinking": _kind(request.get("thinking")),
        "thinking_budget_tokens": mapping(request.get("thinking")).get("budget_tokens"),
    }
    return params | {name: value for name, value in nested.items() if value is not None and _is_plain(value)}


def _is_plain(value: Json) -> bool:
    if isinstance(value, list):
        return len(value) <= 16 and all(isinstance(item, str) and len(item) <= 128 for item in value)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 128)


def _kind(value: Json) -> str | None:
    return word(mapping(value).get("type")) if isinstance(value, dict) else word(value)


def _choice(value: Json) -> str | None:
    """`auto`, `none`, `required`, or the name of the tool that must be called."""
    if not isinstance(value, dict):
        return word(value)
    return word(mapping(value.get("function")).get("name")) or word(value.get("name")) or word(value.get("type"))


def read_tools(request: Body) -> list[Body]:
    """The tools that a request offers, as `{"name", "description", "parameters"}`."""
    return [_tool(tool) for tool in objects(request.get("tools")) + objects(request.get("functions"))]


def _tool(tool: Body) -> Body:
    """A function of any provider's, or a tool that the provider itself has, known by its type."""
    function = mapping(tool.get("function")) or mapping(tool.get("custom")) or tool
    name = text(function.get("name"))
    if name is None:
        settings = {key: value for key, value in tool.items() if key != "type"}
        return {"name": word(tool.get("type")) or "", "description": None, "parameters": settings or None}
    schemas = (function.get(key) for key in ("parameters", "input_schema", "parameter_definitions", "format"))
    return {
        "name": name,
        "description": text(function.get("description")),
        "parameters": next((schema for schema in schemas if schema), None),
    }
