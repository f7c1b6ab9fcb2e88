"""Messages with a role, as chat formats share them."""

from __future__ import annotations

from transom.capture.assemble.parts import Part, blob, other, read_parts, said, tool_call, tool_response
from transom.capture.assemble.values import Body, mapping, objects, sequence, text, word
from transom.capture.exchange import Message
from transom.types import Json

_ROLES = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "chatbot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
    "context": "context",
}


def read_message(raw: Body, finish_reason: Json = None) -> Message:
    """A chat message of OpenAI, Azure, Groq, Mistral, Anthropic, Cohere v2, Ollama or vLLM."""
    role = read_role(raw.get("role"))
    return Message(
        role=role,
        parts=_tool_parts(raw) if role == "tool" else _parts(raw),
        name=text(raw.get("name")) or text(raw.get("tool_name")),
        finish_reason=word(finish_reason),
    )


def read_messages(value: Json) -> list[Message]:
    """A conversation."""
    return [read_message(raw) for raw in objects(value)]


def read_role(value: Json) -> str:
    """The role, from a closed list, since it isn't redacted. A reply that names none is the assistant's."""
    name = text(value)
    return _ROLES.get(name.lower(), "other") if name else "assistant"


def system(instructions: Json) -> list[Message]:
    """What an API takes as instructions, as the system message that it is."""
    parts = read_parts(instructions)
    return [Message(role="system", parts=parts)] if parts else []


def user(content: Json) -> list[Message]:
    """A prompt that came without a role."""
    parts = read_parts(content)
    return [Message(role="user", parts=parts)] if parts else []


def context(documents: Json) -> list[Message]:
    """Documents that an answer should rest on, as a message with the role `context`, one or more parts each."""
    parts = [part for document in sequence(documents) for part in _document(document)]
    return [Message(role="context", parts=parts)] if parts else []


def _document(document: Json) -> list[Part]:
    if not isinstance(document, dict):
        return read_parts(document)
    body = document.get("data") or document
    if not isinstance(body, dict):
        return read_parts(body)
    known = [text(body.get(key)) for key in ("title", "text", "snippet", "content")]
    words = "\n".join(each for each in known if each)
    return said("text", words) or [other(document)]


def _tool_parts(raw: Body) -> list[Part]:
    if "content" not in raw and "tool_results" in raw:
        return [tool_response(None, result) for result in sequence(raw["tool_results"])]
    return [tool_response(raw.get("tool_call_id"), raw.get("content"))]


def _parts(raw: Body) -> list[Part]:
    thoughts = next((t for key in _THOUGHTS if (t := text(raw.get(key)))), None)
    parts = said("reasoning", thoughts) + read_parts(raw.get("content")) + said("refusal", raw.get("refusal"))
    parts += _audio(raw) + _images(raw) + _calls(raw)
    if annotations := sequence(raw.get("annotations")) or sequence(raw.get("citations")):
        parts.append(other({"annotations": annotations}))
    return parts


_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "tool_plan")
"""DeepSeek's and vLLM's, Groq's and OpenRouter's, Ollama's, Cohere's."""


def _audio(raw: Body) -> list[Part]:
    audio = mapping(raw.get("audio"))
    if not text(audio.get("data")):
        return said("text", audio.get("transcript"))
    return [blob("audio", None, audio["data"]), *said("text", audio.get("transcript"))]


def _images(raw: Body) -> list[Part]:
    """Ollama's are base64 strings, OpenRouter's are blocks."""
    images = sequence(raw.get("images"))
    return [
        part for each in images for part in ([blob("image", None, each)] if isinstance(each, str) else read_parts(each))
    ]


def _calls(raw: Body) -> list[Part]:
    calls = [_call(call) for call in objects(raw.get("tool_calls"))]
    legacy = mapping(raw.get("function_call"))
    if legacy:
        calls.append(tool_call(None, legacy.get("name"), legacy.get("arguments")))
    return calls


def _call(call: Body) -> Part:
    function = mapping(call.get("function")) or mapping(call.get("custom")) or call
    arguments = next((function[key] for key in ("arguments", "input", "parameters") if key in function), None)
    return tool_call(call.get("id"), function.get("name"), arguments)
