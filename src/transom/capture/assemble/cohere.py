"""Cohere's chat, v1 and v2, and its rerank (which others speak too)."""

from __future__ import annotations

from transom.capture.assemble.message import context, read_message, read_messages, read_role, system, user
from transom.capture.assemble.parts import Part, other, said, tool_call, tool_response
from transom.capture.assemble.reported import cohere_usage, openai_usage
from transom.capture.assemble.values import Body, count, mapping, objects, sequence, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire, last
from transom.capture.exchange import Message


def _ask_v2(request: Body) -> list[Message]:
    return read_messages(request.get("messages")) + context(request.get("documents"))


def _answer_v2(reply: Body, request: Body) -> Answer:
    message, reason = mapping(reply.get("message")), word(reply.get("finish_reason"))
    return Answer(
        id=text(reply.get("id")),
        messages=[read_message(message, reason)] if message else [],
        finish_reasons=[reason] if reason else [],
        usage=cohere_usage(reply.get("usage")),
    )


def _fold_v2(chunks: list[Chunk]) -> Body:
    reply: Body = {}
    message = _V2Message()
    for _, chunk in chunks:
        delta = mapping(chunk.get("delta"))
        kind = chunk.get("type")
        if kind == "message-start":
            reply["id"] = chunk.get("id")
        elif kind == "message-end":
            reply |= {key: delta[key] for key in ("finish_reason", "usage", "error") if key in delta}
        else:
            message.add(count(chunk.get("index")) or 0, mapping(delta.get("message")))
    reply["message"] = message.whole()
    return reply


class _V2Message:
    """A message while its deltas come in: blocks and calls each have an index of their own."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[Body]] = {}
        self._calls: dict[int, list[Body]] = {}
        self._plan: list[str] = []
        self._citations: list[Body] = []

    def add(self, index: int, delta: Body) -> None:
        if content := mapping(delta.get("content")):
            self._blocks.setdefault(index, []).append(content)
        if call := mapping(delta.get("tool_calls")):
            self._calls.setdefault(index, []).append(call)
        if plan := text(delta.get("tool_plan")):
            self._plan.append(plan)
        if citation := mapping(delta.get("citations")):
            self._citations.append(citation)

    def whole(self) -> Body:
        return {
            "role": "assistant",
            "tool_plan": "".join(self._plan),
            "content": [_joined_block(self._blocks[index]) for index in sorted(self._blocks)],
            "tool_calls": [_joined_call(self._calls[index]) for index in sorted(self._calls)],
            "citations": self._citations,
        }


def _joined_block(pieces: list[Body]) -> Body:
    thoughts = "".join(text(piece.get("thinking")) or "" for piece in pieces)
    if thoughts:
        return {"type": "thinking", "thinking": thoughts}
    return {"type": "text", "text": "".join(text(piece.get("text")) or "" for piece in pieces)}


def _joined_call(pieces: list[Body]) -> Body:
    functions = [mapping(piece.get("function")) for piece in pieces]
    return {
        "id": next((known for piece in pieces if (known := text(piece.get("id")))), None),
        "function": {
            "name": next((name for function in functions if (name := text(function.get("name")))), None),
            "arguments": "".join(text(function.get("arguments")) or "" for function in functions),
        },
    }


def _ask_v1(request: Body) -> list[Message]:
    return (
        system(request.get("preamble"))
        + [_v1_turn(turn) for turn in objects(request.get("chat_history"))]
        + context(request.get("documents"))
        + _v1_results(request)
        + user(request.get("message"))
    )


def _v1_turn(turn: Body) -> Message:
    results = _v1_results(turn)
    return results[0] if results else Message(role=read_role(turn.get("role")), parts=_v1_parts(turn, "message"))


def _v1_results(request: Body) -> list[Message]:
    parts = [tool_response(None, result) for result in sequence(request.get("tool_results"))]
    return [Message(role="tool", parts=parts)] if parts else []


def _v1_parts(turn: Body, words: str) -> list[Part]:
    calls = [tool_call(None, call.get("name"), call.get("parameters")) for call in objects(turn.get("tool_calls"))]
    return said("text", turn.get(words)) + calls


def _answer_v1(reply: Body, request: Body) -> Answer:
    reason = word(reply.get("finish_reason"))
    parts = _v1_parts(reply, "text")
    if citations := sequence(reply.get("citations")):
        parts.append(other({"annotations": citations}))
    return Answer(
        id=text(reply.get("response_id")) or text(reply.get("generation_id")),
        messages=[Message(role="assistant", parts=parts, finish_reason=reason)] if parts else [],
        finish_reasons=[reason] if reason else [],
        usage=cohere_usage(reply.get("meta")),
    )


def _fold_v1(chunks: list[Chunk]) -> Body:
    """The last event holds the whole reply; of a stream without it, the text so far is kept."""
    words: list[str] = []
    reply: Body = {}
    for _, chunk in chunks:
        kind = chunk.get("event_type")
        if kind == "stream-start":
            reply["generation_id"] = chunk.get("generation_id")
        elif kind == "text-generation":
            words.append(text(chunk.get("text")) or "")
        elif kind == "stream-end":
            return {"finish_reason": chunk.get("finish_reason")} | mapping(chunk.get("response"))
    return reply | {"text": "".join(words)}


def _ask_rerank(request: Body) -> list[Message]:
    return user(request.get("query")) + context(request.get("documents"))


def _answer_rerank(reply: Body, request: Body) -> Answer:
    """Only the order and the scores: the documents are in the request."""
    results = [
        {"index": count(result.get("index")), "relevance_score": _number(result)}
        for result in objects(reply.get("results"))
    ]
    parts = [other({"results": results})]
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[Message(role="assistant", parts=parts)] if results else [],
        usage=cohere_usage(mapping(reply.get("meta"))) or openai_usage(reply.get("usage")),
    )


def _number(result: Body) -> float | None:
    score = result.get("relevance_score")
    return float(score) if isinstance(score, int | float) and abs(score) < 1e9 else None


COHERE_V1 = Wire(_ask_v1, _answer_v1, _fold_v1)
COHERE_V2 = Wire(_ask_v2, _answer_v2, _fold_v2)
RERANK = Wire(_ask_rerank, _answer_rerank, last)
