"""Answers in the formats of OpenAI's and Anthropic's APIs, whole and streamed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import msgspec

from transom.demo.answers import Answer, choose

Body = dict[str, Any]


class _Message(msgspec.Struct):
    content: str | list[Body] | None = None


class _Tool(msgspec.Struct):
    name: str | None = None
    function: Body | None = None


class _Conversation(msgspec.Struct):
    """What the demo needs of a request, whichever of the three APIs it is for."""

    model: str | None = None
    messages: list[_Message] | None = None
    input: str | list[_Message] | None = None
    tools: list[_Tool] | None = None
    stream_options: Body | None = None


def is_conversation(body: Body) -> bool:
    """Whether a request is one that the demo can answer."""
    try:
        msgspec.convert(body, _Conversation)
    except msgspec.ValidationError:
        return False
    return True


def count_tokens(text: str) -> int:
    """The demo's own count: four thirds of the words."""
    return max(1, len(text.split()) * 4 // 3)


def text_of(content: Any) -> str:
    """The text of a message's content, which may be a string or a list of parts."""
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content or [] if isinstance(part, dict))


def answer_to(body: Body) -> Answer:
    """The answer to a conversation. After a tool's result it is a text."""
    prompts = [text_of(m.get("content")) for m in messages_of(body) if m.get("role") == "user"]
    prompts = [prompt for prompt in prompts if prompt.strip()]
    tools = [] if _has_tool_result(body) else [_tool_name(tool) for tool in body.get("tools") or []]
    return choose(prompts[-1] if prompts else "", tools)


def messages_of(body: Body) -> list[Body]:
    """The conversation, in the Responses API's `input` too."""
    given = body.get("input", body.get("messages")) or []
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _tool_name(tool: Body) -> str:
    """OpenAI's chat nests the name, the others don't."""
    return str((tool.get("function") or tool).get("name"))


def _has_tool_result(body: Body) -> bool:
    last = (messages_of(body) or [{}])[-1]
    if last.get("role") == "tool" or last.get("type") == "function_call_output":
        return True
    content = last.get("content")
    return isinstance(content, list) and any(part.get("type") == "tool_result" for part in content)


def prompt_tokens(body: Body) -> int:
    """What the request costs."""
    return sum(count_tokens(text_of(m.get("content"))) + 4 for m in messages_of(body))


def pieces(text: str) -> list[str]:
    """A text in the small steps in which models speak."""
    return re.findall(r"\S+\s*", text)


def event(data: Body, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


# ---------------------------------------------------------------------- chat completions


def chat(body: Body, answer: Answer) -> Body:
    """A chat completion."""
    message: Body = {"role": "assistant", "content": answer.text or None, "refusal": answer.refusal}
    finish = "stop"
    if answer.tool:
        message["tool_calls"], finish = [_tool_call(answer.tool)], "tool_calls"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return _chat_head(body, "chat.completion") | {"choices": [choice], "usage": chat_usage(body, answer)}


def _chat_head(body: Body, kind: str) -> Body:
    ident = f"chatcmpl-demo{token_hex(12)}"
    return {"id": ident, "object": kind, "created": int(time.time()), "model": body.get("model", "demo")}


def _tool_call(tool: tuple[str, Body]) -> Body:
    name, arguments = tool
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{token_hex(8)}", "type": "function", "function": function}


def chat_usage(body: Body, answer: Answer) -> Body:
    """What a chat completion used."""
    said = answer.text or answer.refusal or json.dumps(answer.tool)
    used, made = prompt_tokens(body), count_tokens(said)
    return {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made}


def chat_stream(body: Body, answer: Answer) -> Iterator[bytes]:
    """A chat completion as a stream, with usage at its end if that was asked for."""
    head = _chat_head(body, "chat.completion.chunk")
    wants_usage = (body.get("stream_options") or {}).get("include_usage")
    tail: Body = {"usage": None} if wants_usage else {}

    def chunk(delta: Body, finish: str | None = None) -> bytes:
        return event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | tail)

    yield chunk({"role": "assistant", "content": "" if not answer.tool else None})
    if answer.tool:
        call = _tool_call(answer.tool)
        arguments = call["function"].pop("arguments")
        yield chunk({"tool_calls": [{"index": 0, **call, "function": call["function"] | {"arguments": ""}}]})
        for start in range(0, len(arguments), 8):
            part = {"index": 0, "function": {"arguments": arguments[start : start + 8]}}
            yield chunk({"tool_calls": [part]})
    for piece in pieces(answer.refusal or ""):
        yield chunk({"refusal": piece})
    for piece in pieces(answer.text):
        yield chunk({"content": piece})
    yield chunk({}, "tool_calls" if answer.tool else "stop")
    if wants_usage:
        yield event(head | {"choices": [], "usage": chat_usage(body, answer)})
    yield b"data: [DONE]\n\n"


# ---------------------------------------------------------------------- Anthropic messages


def message(body: Body, answer: Answer) -> Body:
    """An Anthropic message."""
    return {
        "id": f"msg_demo{token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "demo"),
        "content": [_block(answer)],
        "stop_reason": "tool_use" if answer.tool else "end_turn",
        "stop_sequence": None,
        "usage": _message_usage(body, answer),
    }


def _block(answer: Answer) -> Body:
    if answer.tool:
        name, arguments = answer.tool
        return {"type": "tool_use", "id": f"toolu_{token_hex(8)}", "name": name, "input": arguments}
    return {"type": "text", "text": answer.text or answer.refusal}


def _message_usage(body: Body, answer: Answer) -> Body:
    usage = chat_usage(body, answer)
    return {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}


def message_stream(body: Body, answer: Answer) -> Iterator[bytes]:
    """An Anthropic message as a stream."""
    whole = message(body, answer)
    (block,) = whole["content"]
    start = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
    nothing: Body = {"input": {}} if answer.tool else {"text": ""}
    empty = block | nothing

    def named(kind: str, **data: Any) -> bytes:
        return event({"type": kind, **data}, kind)

    yield named("message_start", message=start)
    yield named("content_block_start", index=0, content_block=empty)
    if answer.tool:
        yield named("content_block_delta", index=0, delta=_json_delta(block["input"]))
    for piece in pieces(block.get("text", "")):
        yield named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield named("content_block_stop", index=0)
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield named("message_delta", delta=ended, usage={"output_tokens": whole["usage"]["output_tokens"]})
    yield named("message_stop")


def _json_delta(arguments: Body) -> Body:
    return {"type": "input_json_delta", "partial_json": json.dumps(arguments)}


# ---------------------------------------------------------------------- responses, embeddings, models


def response(body: Body, answer: Answer) -> Body:
    """A response of the Responses API."""
    usage = chat_usage(body, answer)
    counts = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    return {
        "id": f"resp_demo{token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": body.get("model", "demo"),
        "output": [_output_item(answer)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "usage": counts | {"total_tokens": usage["total_tokens"]},
    }


def _output_item(answer: Answer) -> Body:
    if answer.tool:
        name, arguments = answer.tool
        call = {"type": "function_call", "id": f"fc_{token_hex(8)}", "call_id": f"call_{token_hex(8)}"}
        return call | {"name": name, "arguments": json.dumps(arguments), "status": "completed"}
    part = {"type": "output_text", "text": answer.text, "annotations": []}
    if answer.refusal:
        part = {"type": "refusal", "refusal": answer.refusal}
    ident = f"msg_{token_hex(8)}"
    return {"type": "message", "id": ident, "role": "assistant", "status": "completed", "content": [part]}


def response_stream(body: Body, answer: Answer) -> Iterator[bytes]:
    """A response as a stream of named events."""
    whole = response(body, answer)
    (item,) = whole["output"]
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    steps: list[Body] = [{"type": "response.created", "response": begun}]
    place = {"output_index": 0, "content_index": 0, "item_id": item["id"]}
    steps.append({"type": "response.output_item.added", "output_index": 0, "item": item | {"status": "in_progress"}})
    steps += [{"type": "response.output_text.delta", "delta": piece, **place} for piece in pieces(answer.text)]
    steps.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    steps.append({"type": "response.completed", "response": whole})
    for number, step in enumerate(steps):
        yield event(step | {"sequence_number": number}, step["type"])


def embeddings(body: Body) -> Body:
    """Vectors that depend on nothing but the length of their text."""
    given = body.get("input", "")
    texts = [given] if isinstance(given, str) else [str(text) for text in given]
    vectors = [[round((len(text) * (i + 1) % 97) / 97, 4) for i in range(16)] for text in texts]
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    used = sum(count_tokens(text) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": body.get("model", "demo"), "data": data, "usage": usage}


MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "claude-sonnet-4-5", "text-embedding-3-small")


def models() -> Body:
    """The list of models, in OpenAI's shape."""
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "demo"} for name in MODELS]
    return {"object": "list", "data": data}


def error(status: int, text: str, anthropic: bool) -> Body:
    """An error in the caller's shape."""
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    if anthropic:
        return {"type": "error", "error": {"type": kind, "message": text}}
    return {"error": {"message": text, "type": kind, "param": None, "code": None}}
