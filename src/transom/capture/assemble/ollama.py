"""Ollama's own API: streams are one JSON object a line."""

from __future__ import annotations

from transom.capture.assemble.message import read_message, read_messages, system
from transom.capture.assemble.parts import blob, said
from transom.capture.assemble.reported import ollama_usage
from transom.capture.assemble.values import Body, mapping, sequence, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message

_GROWING = ("content", "thinking")


def _ask_chat(request: Body) -> list[Message]:
    return read_messages(request.get("messages"))


def _ask_generate(request: Body) -> list[Message]:
    """Its `context` is left out: token ids of the conversation so far, which no redaction could read."""
    images = [blob("image", None, image) for image in sequence(request.get("images"))]
    parts = said("text", request.get("prompt")) + said("text", request.get("suffix")) + images
    return system(request.get("system")) + ([Message(role="user", parts=parts)] if parts else [])


def _answer(reply: Body, request: Body) -> Answer:
    reason = word(reply.get("done_reason"))
    generated = {"content": reply.get("response"), "thinking": reply.get("thinking")}
    message = read_message(mapping(reply.get("message")) or generated, reason)
    return Answer(
        model=text(reply.get("model")),
        messages=[message] if message.parts else [],
        finish_reasons=[reason] if reason else [],
        usage=ollama_usage(reply),
    )


def _fold_chat(chunks: list[Chunk]) -> Body:
    pieces: dict[str, list[str]] = {}
    message: Body = {"role": "assistant"}
    reply: Body = {}
    for _, chunk in chunks:
        reply = reply | chunk
        delta = mapping(chunk.get("message"))
        for key in _GROWING:
            pieces.setdefault(key, []).append(text(delta.get(key)) or "")
        message["tool_calls"] = sequence(message.get("tool_calls")) + sequence(delta.get("tool_calls"))
    return reply | {"message": message | {key: "".join(words) for key, words in pieces.items()}}


def _fold_generate(chunks: list[Chunk]) -> Body:
    reply: Body = {}
    for _, chunk in chunks:
        reply = reply | chunk
    for key in ("response", "thinking"):
        reply[key] = "".join(text(chunk.get(key)) or "" for _, chunk in chunks)
    return reply


OLLAMA_CHAT = Wire(_ask_chat, _answer, _fold_chat)
OLLAMA_GENERATE = Wire(_ask_generate, _answer, _fold_generate)
