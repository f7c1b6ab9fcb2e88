"""A trace's messages as people read a conversation: who spoke, and what each part of it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from transom.admin.marks import Marks
from transom.admin.present import size
from transom.types import Json

LONG_CHARS = 1600
"""Text longer than this is shown in a box that scrolls."""

_ROLES = {"user": "User", "assistant": "Assistant", "system": "System", "developer": "Developer", "tool": "Tool"}
_DATA = ("content", "data")


class Part(msgspec.Struct, frozen=True):
    """One piece of a message. `kind` is text, reasoning, refusal, call, result, blob or other; `title` heads it."""

    kind: str
    text: Markup
    title: Markup | None = None
    long: bool = False
    code: bool = False


class Turn(msgspec.Struct, frozen=True):
    """One message. `trace_id` is set where a conversation spans several traces."""

    role: str
    speaker: str
    name: Markup | None
    parts: list[Part]
    finish_reason: str | None
    trace_id: str | None = None


def turns(messages: Iterable[dict[str, Any]], marks: Marks) -> list[Turn]:
    """Messages as turns, their placeholders marked, tool results headed by the name of the tool that gave them."""
    called: dict[str, str] = {}
    return [_turn(message, marks, called) for message in messages]


def _turn(message: dict[str, Any], marks: Marks, called: dict[str, str]) -> Turn:
    role = message["role"]
    return Turn(
        role if role in _ROLES else "other",
        _ROLES.get(role, role),
        marks.show(message["name"]) if message["name"] else None,
        [_part(part, marks, called) for part in message["parts"]],
        message["finish_reason"],
        message.get("trace_id"),
    )


def _part(part: dict[str, Any], marks: Marks, called: dict[str, str]) -> Part:
    call_id = str(part.get("id") or "")
    match part:
        case {"type": "text" | "reasoning" | "refusal" as kind, "content": str(text)}:
            return _shown(kind, text, marks)
        case {"type": "tool_call", "name": name, "arguments": arguments}:
            called[call_id] = str(name)
            return _shown("call", arguments, marks, str(name))
        case {"type": "tool_call_response", "response": response}:
            return _shown("result", response, marks, called.get(call_id, call_id))
        case {"type": "blob" | "uri"}:
            return Part("blob", marks.show(_describe(part)))
        case {"type": "other", "content": content}:
            return _shown("other", content, marks)
    return _shown("other", part, marks)


def _shown(kind: str, value: Json, marks: Marks, title: str = "") -> Part:
    code = not isinstance(value, str)
    text = as_json(value) if code else value
    return Part(kind, marks.show(text), marks.show(title) if title else None, len(text) > LONG_CHARS, code)


def _describe(part: dict[str, Any]) -> str:
    """What a blob or a link is, without its data."""
    facts = [str(part.get("modality") or "file").capitalize(), part.get("mime_type"), part.get("uri")]
    data = next((part[name] for name in _DATA if isinstance(part.get(name), str)), None)
    if data and not data.startswith("<"):
        facts.append(size(len(data) * 3 // 4))
    return " · ".join(str(fact) for fact in facts if fact)


def tools(definitions: Sequence[dict[str, Any]], marks: Marks) -> list[Part]:
    """The tools that a request offered: name, and the whole definition."""
    return [_shown("tool", tool, marks, _tool_name(tool)) for tool in definitions]


def _tool_name(tool: dict[str, Any]) -> str:
    function = tool.get("function")
    named = function if isinstance(function, dict) else tool
    return str(named.get("name") or tool.get("type") or "tool")


def as_json(value: Json) -> str:
    """A value as indented JSON, every script as itself."""
    return json.dumps(value, indent=2, ensure_ascii=False)
