"""OpenAI's legacy text completions."""

from __future__ import annotations

from transom.capture.assemble.chat import Choice
from transom.capture.assemble.embeddings import read_inputs
from transom.capture.assemble.message import read_message
from transom.capture.assemble.parts import said
from transom.capture.assemble.reported import openai_usage
from transom.capture.assemble.values import Body, count, mapping, objects, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message


def _ask(request: Body) -> list[Message]:
    parts = read_inputs(request.get("prompt")) + said("text", request.get("suffix"))
    return [Message(role="user", parts=parts)] if parts else []


def _answer(reply: Body, request: Body) -> Answer:
    choices = objects(reply.get("choices"))
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[_choice(choice) for choice in choices],
        finish_reasons=[reason for choice in choices if (reason := word(choice.get("finish_reason")))],
        usage=openai_usage(reply.get("usage")),
        service_tier=word(reply.get("service_tier")),
    )


def _choice(choice: Body) -> Message:
    """A choice has its text; those of fill-in-the-middle have a chat message."""
    message = mapping(choice.get("message")) or {"content": choice.get("text")}
    return read_message(message, choice.get("finish_reason"))


def _fold(chunks: list[Chunk]) -> Body:
    reply: Body = {}
    choices: dict[int, Choice] = {}
    for _, chunk in chunks:
        reply |= {key: chunk[key] for key in ("id", "model", "usage", "service_tier", "error") if chunk.get(key)}
        for choice in objects(chunk.get("choices")):
            delta = {"delta": {"content": choice["text"]}} if "text" in choice else {}
            choices.setdefault(count(choice.get("index")) or 0, Choice()).add(choice | delta)
    reply["choices"] = [choices[index].whole() for index in sorted(choices)]
    return reply


COMPLETIONS = Wire(_ask, _answer, _fold)
