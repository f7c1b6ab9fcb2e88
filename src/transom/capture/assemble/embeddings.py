"""Embeddings of OpenAI, Azure, Mistral, vLLM, Cohere and Ollama. The vectors are never kept."""

from __future__ import annotations

from transom.capture.assemble.parts import Part, other, read_parts
from transom.capture.assemble.reported import cohere_usage, ollama_usage, openai_usage
from transom.capture.assemble.values import Body, text
from transom.capture.assemble.wire import Answer, Wire, last
from transom.capture.exchange import Message
from transom.types import Json

_INPUTS = ("input", "inputs", "texts", "images", "prompt")


def _ask(request: Body) -> list[Message]:
    parts = [part for name in _INPUTS for part in read_inputs(request.get(name))]
    return [Message(role="user", parts=parts)] if parts else []


def read_inputs(value: Json) -> list[Part]:
    """Texts, or texts as token ids: of those only the number is kept, since no redaction could read them."""
    if not isinstance(value, list):
        return read_parts(value)
    if value and all(isinstance(item, int) for item in value):
        return [other({"token_count": len(value)})]
    return [part for item in value for part in (read_inputs(item) if isinstance(item, list) else read_parts(item))]


def _answer(reply: Body, request: Body) -> Answer:
    usage = openai_usage(reply.get("usage")) or cohere_usage(reply.get("meta")) or ollama_usage(reply)
    return Answer(model=text(reply.get("model")), id=text(reply.get("id")), usage=usage)


EMBEDDINGS = Wire(_ask, _answer, last)
