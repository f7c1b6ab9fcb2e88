"""Anthropic's Messages."""

from __future__ import annotations

from transom.capture.assemble.message import read_message, read_messages, system
from transom.capture.assemble.reported import anthropic_usage
from transom.capture.assemble.values import Body, count, json_or_text, mapping, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message


def _ask(request: Body) -> list[Message]:
    return system(request.get("system")) + read_messages(request.get("messages"))


def _answer(reply: Body, request: Body) -> Answer:
    reason = word(reply.get("stop_reason"))
    message = read_message({"role": "assistant", "content": reply.get("content")}, reason)
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[message] if message.parts or reason else [],
        finish_reasons=[reason] if reason else [],
        usage=anthropic_usage(reply.get("usage")),
        service_tier=word(mapping(reply.get("usage")).get("service_tier")),
    )


def _fold(chunks: list[Chunk]) -> Body:
    reply: Body = {}
    blocks: dict[int, _Block] = {}
    for _, chunk in chunks:
        match chunk.get("type"):
            case "message_start":
                reply = _start(mapping(chunk.get("message")))
            case "content_block_start":
                blocks[count(chunk.get("index")) or 0] = _Block(mapping(chunk.get("content_block")))
            case "content_block_delta":
                blocks.setdefault(count(chunk.get("index")) or 0, _Block({})).add(mapping(chunk.get("delta")))
            case "message_delta":
                reply["stop_reason"] = mapping(chunk.get("delta")).get("stop_reason")
                reply["usage"] = mapping(reply.get("usage")) | _given(mapping(chunk.get("usage")))
            case "error":
                reply["error"] = chunk.get("error")
    reply["content"] = [blocks[index].whole() for index in sorted(blocks)]
    return reply


def _start(message: Body) -> Body:
    """The message as it begins. Its count of output is that of the first token: an interrupted stream has no other."""
    usage = {name: value for name, value in mapping(message.get("usage")).items() if name != "output_tokens"}
    return message | {"usage": usage}


def _given(usage: Body) -> Body:
    return {name: value for name, value in usage.items() if value is not None}


class _Block:
    """One content block while its deltas come in."""

    def __init__(self, start: Body) -> None:
        self._start = start
        self._pieces: dict[str, list[str]] = {}

    def add(self, delta: Body) -> None:
        for member in ("text", "thinking", "partial_json"):
            if words := text(delta.get(member)):
                self._pieces.setdefault(member, []).append(words)

    def whole(self) -> Body:
        block = dict(self._start)
        for member, pieces in self._pieces.items():
            words = "".join(pieces)
            if member == "partial_json":
                block["input"] = json_or_text(words)
            else:
                block[member] = (text(block.get(member)) or "") + words
                block.setdefault("type", member)
        return block


MESSAGES = Wire(_ask, _answer, _fold)
