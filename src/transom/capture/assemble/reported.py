"""The usage that a provider reports, in the shapes that providers have."""

from __future__ import annotations

from transom.capture.assemble.values import Body, count, mapping
from transom.types import Json, Usage

_EMPTY = Usage(source="provider")


def openai_usage(block: Json) -> Usage | None:
    """OpenAI's two shapes (chat and responses), and those of Azure, Groq, Mistral, vLLM and DeepSeek."""
    usage = mapping(block)
    read = _detail(usage, ("prompt_tokens_details", "input_tokens_details", "prompt_token_details"), "cached_tokens")
    written = _detail(usage, ("prompt_tokens_details", "input_tokens_details"), "cache_write_tokens")
    thought = _detail(usage, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens")
    return _known(
        Usage(
            input_tokens=_first(usage, "prompt_tokens", "input_tokens"),
            output_tokens=_first(usage, "completion_tokens", "output_tokens"),
            cached_input_tokens=count(usage.get("prompt_cache_hit_tokens")) if read is None else read,
            cache_write_tokens=written,
            reasoning_tokens=thought,
            source="provider",
        )
    )


def anthropic_usage(block: Json) -> Usage | None:
    """Anthropic's, whose `input_tokens` leaves out what was read from or written to the cache: it is added back."""
    usage = mapping(block)
    fresh = count(usage.get("input_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return _known(
        Usage(
            input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
            output_tokens=count(usage.get("output_tokens")),
            cached_input_tokens=read,
            cache_write_tokens=written,
            source="provider",
        )
    )


def cohere_usage(block: Json) -> Usage | None:
    """Cohere's (v2 `usage`, v1 `meta`): the tokens that were processed, else those that were billed."""
    usage = mapping(block)
    tokens = mapping(usage.get("tokens")) or mapping(usage.get("billed_units"))
    return _known(
        Usage(
            input_tokens=count(tokens.get("input_tokens")),
            output_tokens=count(tokens.get("output_tokens")),
            cached_input_tokens=count(usage.get("cached_tokens")),
            source="provider",
        )
    )


def ollama_usage(reply: Body) -> Usage | None:
    """Ollama's. It leaves `prompt_eval_count` out where the prompt was cached: unknown, not 0."""
    return _known(
        Usage(
            input_tokens=count(reply.get("prompt_eval_count")),
            output_tokens=count(reply.get("eval_count")),
            source="provider",
        )
    )


def _known(usage: Usage) -> Usage | None:
    return None if usage == _EMPTY else usage


def _first(usage: Body, *names: str) -> int | None:
    return next((value for name in names if (value := count(usage.get(name))) is not None), None)


def _detail(usage: Body, blocks: tuple[str, ...], name: str) -> int | None:
    found = (count(mapping(usage.get(block)).get(name)) for block in blocks)
    return next((value for value in found if value is not None), None)
