"""OpenAI's Responses."""

from __future__ import annotations

from transom.capture.assemble.message import read_message, system, user
from transom.capture.assemble.parts import Part, link, other, said, tool_call, tool_response
from transom.capture.assemble.reported import openai_usage
from transom.capture.assemble.values import Body, count, mapping, objects, sequence, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message
from transom.types import Json

_UNFINISHED = ("in_progress", "queued", None)


def _ask(request: Body) -> list[Message]:
    messages = system(request.get("instructions"))
    if prompt := mapping(request.get("prompt")):
        messages.append(Message(role="system", parts=[other(prompt)]))
    items = request.get("input")
    return messages + (user(items) if isinstance(items, str) else [_item(item, "user") for item in objects(items)])


def _item(item: Body, role: str) -> Message:
    """Each item is a message of its own, in requests as in replies, so that a resent one is the same message."""
    kind = item.get("type") or "message"
    if kind == "message":
        return read_message({"role": role} | item)
    if kind in ("function_call_output", "custom_tool_call_output"):
        return Message(role="tool", parts=[tool_response(item.get("call_id"), item.get("output"))])
    return Message(role="assistant", parts=_assistant_parts(kind, item))


def _assistant_parts(kind: Json, item: Body) -> list[Part]:
    if kind in ("function_call", "custom_tool_call"):
        arguments = item.get("arguments") if "arguments" in item else item.get("input")
        return [tool_call(item.get("call_id"), item.get("name"), arguments)]
    if kind == "reasoning":
        thoughts = objects(item.get("content")) or objects(item.get("summary"))
        return said("reasoning", "\n\n".join(words for each in thoughts if (words := text(each.get("text")))))
    if kind == "image_generation_call" and (image := text(item.get("result"))):
        return [link("image", f"data:image/{word(item.get('output_format')) or 'png'};base64,{image}")]
    return [other(item)]


def _answer(reply: Body, request: Body) -> Answer:
    items = objects(reply.get("output"))
    reason = _finish_reason(reply)
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[_item(item, "assistant") for item in items],
        finish_reasons=[reason] if reason else [],
        usage=openai_usage(reply.get("usage")),
        service_tier=word(reply.get("service_tier")),
    )


def _finish_reason(reply: Body) -> str | None:
    """Why it is incomplete, else the status, once it is final."""
    status = word(reply.get("status"))
    return word(mapping(reply.get("incomplete_details")).get("reason")) or (
        status if status not in _UNFINISHED else None
    )


def _fold(chunks: list[Chunk]) -> Body:
    """The final event holds the whole response; of a stream without one, the deltas are put together."""
    reply: Body = {}
    output = _Output()
    for _, chunk in chunks:
        kind = text(chunk.get("type")) or ""
        if response := mapping(chunk.get("response")):
            reply = response
        elif kind == "error":
            reply = reply | {"error": mapping(chunk.get("error")) or chunk}
        else:
            output.add(kind, chunk)
    if not sequence(reply.get("output")):
        reply = reply | {"output": output.items()}
    return reply


class _Output:
    """Output items while their deltas come in."""

    def __init__(self) -> None:
        self._items: dict[int, Body] = {}
        self._pieces: dict[tuple[int, str, int], list[str]] = {}
        self._done: set[int] = set()

    def add(self, kind: str, chunk: Body) -> None:
        at = count(chunk.get("output_index")) or 0
        if kind in ("response.output_item.added", "response.output_item.done"):
            self._items[at] = mapping(chunk.get("item"))
            if kind.endswith("done"):
                self._done.add(at)
        elif (member := _DELTAS.get(kind)) and (words := text(chunk.get("delta"))):
            part = count(chunk.get("content_index")) or count(chunk.get("summary_index")) or 0
            self._pieces.setdefault((at, member, part), []).append(words)

    def items(self) -> list[Body]:
        for (at, member, _), pieces in sorted(self._pieces.items()):
            if at not in self._done:
                _fill(self._items.setdefault(at, {}), member, "".join(pieces))
        return [self._items[at] for at in sorted(self._items)]


_DELTAS = {
    "response.output_text.delta": "output_text",
    "response.refusal.delta": "refusal",
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.reasoning_summary_text.delta": "summary",
    "response.reasoning_text.delta": "reasoning_text",
}


def _fill(item: Body, member: str, words: str) -> None:
    """Put a text that came in pieces where an item has it."""
    if member in ("arguments", "input"):
        item[member] = words
    elif member == "summary":
        item["summary"] = [*sequence(item.get("summary")), {"type": "summary_text", "text": words}]
    else:
        key = "refusal" if member == "refusal" else "text"
        item["content"] = [*sequence(item.get("content")), {"type": member, key: words}]


RESPONSES = Wire(_ask, _answer, _fold)
