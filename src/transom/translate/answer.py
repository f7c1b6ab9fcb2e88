"""litellm's answers → OpenAI's JSON: members that OpenAI's API has, the provider's own token counts, or none."""

from __future__ import annotations

from typing import Any

from transom.translate.providers import Translation

_MESSAGE = ("role", "content", "refusal", "tool_calls", "annotations", "audio", "reasoning_content", "thinking_blocks")
"""What clients know of a message, or have to send back: some models ask for their thoughts."""


def completion(answer: Any, request: dict[str, Any], translation: Translation) -> dict[str, Any]:
    """The JSON of a whole answer (https://platform.openai.com/docs/api-reference/chat/object)."""
    choices = [
        {
            "index": choice.index,
            "message": _message(choice.message),
            "logprobs": _dump(getattr(choice, "logprobs", None)),
            "finish_reason": choice.finish_reason,
        }
        for choice in answer.choices
    ]
    return {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created,
        "model": _name(answer.model, request, translation),
        "choices": choices,
        "usage": usage(answer.usage, translation),
    }


def _message(message: Any) -> dict[str, Any]:
    kept = {"role": "assistant", "content": None, "refusal": None, **_known(message)}
    for call in kept.get("tool_calls", []):
        call.pop("index", None)
    return kept


class Chunks:
    """Makes the chunks of one stream (https://platform.openai.com/docs/api-reference/chat/streaming).

    All have one id and one time, and each tool call a number of its own, which not every provider's have in litellm.
    """

    def __init__(self, request: dict[str, Any], translation: Translation, wants_usage: bool) -> None:
        self._request, self._translation, self._wants_usage = request, translation, wants_usage
        self._head: dict[str, Any] = {}
        self._calls: list[str] = []

    def chunk(self, found: Any) -> dict[str, Any] | None:
        """The JSON of a chunk; None for one that only litellm needs."""
        if not self._head:
            name = _name(found.model, self._request, self._translation)
            self._head = {"id": found.id, "object": "chat.completion.chunk", "created": found.created, "model": name}
        counted = getattr(found, "usage", None)
        if counted is not None:
            reported = usage(counted, self._translation)
            return {**self._head, "choices": [], "usage": reported} if reported and self._wants_usage else None
        choices = [self._choice(choice) for choice in found.choices]
        return {**self._head, "choices": choices, **({"usage": None} if self._wants_usage else {})}

    def _choice(self, choice: Any) -> dict[str, Any]:
        delta = _known(choice.delta)
        for call in delta.get("tool_calls", []):
            self._number(call)
        logprobs = _dump(getattr(choice, "logprobs", None))
        return {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": choice.finish_reason}

    def _number(self, call: dict[str, Any]) -> None:
        """A call that begins has an id; what follows belongs to the last that began."""
        if call.get("id"):
            if call["id"] not in self._calls:
                self._calls.append(call["id"])
            call["index"] = self._calls.index(call["id"])
        elif self._calls:
            call["index"] = len(self._calls) - 1


def usage(found: Any, translation: Translation) -> dict[str, Any] | None:
    """The tokens that the provider counted; None where it counted none, since a prompt has at least one."""
    if found is None or not found.prompt_tokens:
        return None
    counted = {
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "total_tokens": found.prompt_tokens + found.completion_tokens,
    }
    read = _detail(found, "prompt_tokens_details", ("cached_tokens", "cache_write_tokens"))
    written = _detail(found, "completion_tokens_details", ("reasoning_tokens",) if translation.counts_reasoning else ())
    details = {"prompt_tokens_details": read, "completion_tokens_details": written}
    return counted | {name: values for name, values in details.items() if values}


def _detail(found: Any, block: str, names: tuple[str, ...]) -> dict[str, int]:
    values = {name: getattr(getattr(found, block, None), name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _known(message: Any) -> dict[str, Any]:
    dumped = message.model_dump(exclude_none=True)
    return {name: dumped[name] for name in _MESSAGE if name in dumped and dumped[name] != []}


def _dump(logprobs: Any) -> Any:
    return logprobs.model_dump() if hasattr(logprobs, "model_dump") else logprobs


def _name(answered: str | None, request: dict[str, Any], translation: Translation) -> str:
    """The model that answered, without what only litellm calls it."""
    name: str = answered or request["model"]
    return name.removeprefix(translation.model)
