"""OpenAI's chat completions, and everyone's who speaks them."""

from __future__ import annotations

from transom.capture.assemble.message import context, read_message, read_messages
from transom.capture.assemble.reported import openai_usage
from transom.capture.assemble.values import Body, count, mapping, objects, sequence, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message
from transom.types import Json

_WHOLE_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")


def _ask(request: Body) -> list[Message]:
    return read_messages(request.get("messages")) + context(request.get("documents"))


def _answer(reply: Body, request: Body) -> Answer:
    choices = objects(reply.get("choices"))
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[
            read_message(mapping(choice["message"]), choice.get("finish_reason"))
            for choice in choices
            if choice.get("message")
        ],
        finish_reasons=[reason for choice in choices if (reason := word(choice.get("finish_reason")))],
        usage=openai_usage(reply.get("usage")),
        service_tier=word(reply.get("service_tier")),
    )


def fold(chunks: list[Chunk]) -> Body:
    """The completion that the chunks spell. Of repeated usage reports the last one stands."""
    reply: Body = {}
    choices: dict[int, Choice] = {}
    for _, chunk in chunks:
        for key in ("id", "model", "service_tier", "error"):
            if chunk.get(key):
                reply[key] = chunk[key]
        if usage := chunk.get("usage") or mapping(chunk.get("x_groq")).get("usage"):
            reply["usage"] = usage
        for choice in objects(chunk.get("choices")):
            index = count(choice.get("index")) or 0
            choices.setdefault(index, Choice()).add(choice)
    reply["choices"] = [choices[index].whole() for index in sorted(choices)]
    return reply


class Choice:
    """One choice while its deltas come in."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._blocks: list[Json] = []
        self._calls: dict[int | str, Body] = {}
        self._function: Body = {}
        self._audio: Body = {}
        self._rest: Body = {"role": "assistant"}
        self._finish_reason: Json = None

    def add(self, choice: Body) -> None:
        """Take one chunk of this choice."""
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        delta = mapping(choice.get("delta") or choice.get("message"))
        for key in _WHOLE_TEXTS:
            if words := text(delta.get(key)):
                self._texts.setdefault(key, []).append(words)
        if isinstance(blocks := delta.get("content"), list):
            self._blocks += blocks
        for position, call in enumerate(objects(delta.get("tool_calls"))):
            self._add_call(call, position)
        _extend(self._function, mapping(delta.get("function_call")))
        _extend(self._audio, mapping(delta.get("audio")))
        if annotations := sequence(delta.get("annotations")):
            self._rest["annotations"] = annotations
        if role := text(delta.get("role")):
            self._rest["role"] = role

    def _add_call(self, call: Body, position: int) -> None:
        """A call's chunks share its index; providers that leave it out send each call whole, with an id."""
        index = count(call.get("index"))
        key = index if index is not None else text(call.get("id")) or position
        known = self._calls.setdefault(key, {"function": {}})
        known["id"] = known.get("id") or call.get("id")
        _extend(known["function"], mapping(call.get("function")) or mapping(call.get("custom")))

    def whole(self) -> Body:
        """The choice as an unstreamed reply has it."""
        message = self._rest | {key: "".join(words) for key, words in self._texts.items()}
        if self._blocks:
            message["content"] = self._blocks
        if self._calls:
            message["tool_calls"] = list(self._calls.values())
        if self._function:
            message["function_call"] = self._function
        if self._audio:
            message["audio"] = self._audio
        return {"message": message, "finish_reason": self._finish_reason}


_GROWING = ("arguments", "input", "data", "transcript")


def _extend(known: Body, delta: Body) -> None:
    """Add a delta to what is known of a call or of audio: some members come in pieces, the others once."""
    for key, value in delta.items():
        if key in _GROWING and isinstance(value, str) and isinstance(known.get(key), str):
            known[key] += value
        elif value is not None and (key in _GROWING or not known.get(key)):
            known[key] = value


CHAT = Wire(_ask, _answer, fold)
