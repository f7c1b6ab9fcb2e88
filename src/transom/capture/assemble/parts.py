"""Content blocks of every provider as message parts (shapes: `transom.capture.exchange.Message`)."""

from __future__ import annotations

from collections.abc import Callable

from transom.capture.assemble.values import Body, json_or_text, mapping, objects, sequence, text
from transom.types import Json

Part = dict[str, Json]


def said(kind: str, content: Json) -> list[Part]:
    """A part of type text, reasoning or refusal, unless nothing was said."""
    return [{"type": kind, "content": content}] if text(content) else []


def tool_call(call_id: Json, name: Json, arguments: Json) -> Part:
    """A part for a call; arguments are parsed if they are valid JSON."""
    return {"type": "tool_call", "id": text(call_id), "name": text(name) or "", "arguments": json_or_text(arguments)}


def tool_response(call_id: Json, response: Json) -> Part:
    """A part for what a tool returned; blocks of text become one string."""
    blocks = sequence(response)
    if blocks and all(isinstance(block, dict) and block.get("type") == "text" for block in blocks):
        response = "".join(text(block.get("text")) or "" for block in blocks)
    return {"type": "tool_call_response", "id": text(call_id), "response": response}


def other(content: Json) -> Part:
    """A part for what has no shape of its own."""
    return {"type": "other", "content": content}


def blob(modality: str, mime_type: str | None, content: Json) -> Part:
    """A part for bytes in base64."""
    return {"type": "blob", "modality": modality, "mime_type": mime_type, "content": text(content) or ""}


def link(modality: str, uri: Json) -> Part:
    """A part for what is elsewhere: a blob if the URI holds the bytes itself.

    The query of a web address is left out: it is where signatures stand, and with one anybody could fetch the original.
    """
    address = text(uri) or ""
    if address.startswith("data:"):
        head, _, content = address[5:].partition(",")
        return blob(modality, head.split(";")[0] or None, content)
    if address.startswith(("http://", "https://")):
        address = address.split("?")[0].split("#")[0]
    return {"type": "uri", "modality": modality, "uri": address}


def read_parts(content: Json) -> list[Part]:
    """The parts of a message's content: a string, a block, or a list of either."""
    if isinstance(content, str):
        return said("text", content)
    blocks = content if isinstance(content, list) else [content] if content else []
    return [part for block in blocks for part in _read_block(block)]


def _read_block(block: Json) -> list[Part]:
    if isinstance(block, str):
        return said("text", block)
    if not isinstance(block, dict):
        return [other(block)] if block is not None else []
    kind = block.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return reader(block) if reader else [other(block)]


def _text(block: Body) -> list[Part]:
    words = block.get("text")
    return said("text", mapping(words).get("value") if isinstance(words, dict) else words)


def _refusal(block: Body) -> list[Part]:
    return said("refusal", block.get("refusal"))


def _thinking(block: Body) -> list[Part]:
    """Anthropic's and Cohere's are a string, Mistral's a list of text blocks."""
    thoughts = block.get("thinking")
    if isinstance(thoughts, list):
        thoughts = "".join(text(each.get("text")) or "" for each in objects(thoughts))
    return said("reasoning", thoughts)


def _image(block: Body) -> list[Part]:
    """OpenAI's `image_url` and `input_image`, the assistants' `image_file`."""
    where = block.get("image_url")
    url = mapping(where).get("url") if isinstance(where, dict) else where
    file_id = block.get("file_id") or mapping(block.get("image_file")).get("file_id")
    return [link("image", url or file_id)]


def _video(block: Body) -> list[Part]:
    where = block.get("video_url")
    return [link("video", mapping(where).get("url") if isinstance(where, dict) else where)]


def _audio(block: Body) -> list[Part]:
    audio = mapping(block.get("input_audio"))
    kind = text(audio.get("format"))
    return [blob("audio", f"audio/{kind}" if kind else None, audio.get("data"))]


def _file(block: Body) -> list[Part]:
    file = mapping(block.get("file")) or block
    data = text(file.get("file_data"))
    if data:
        return [link("file", data) if data.startswith("data:") else blob("file", None, data)]
    return [link("file", file.get("file_url") or file.get("file_id"))]


def _sourced(block: Body) -> list[Part]:
    """Anthropic's `image` and `document`, and Cohere's `document`."""
    modality = "image" if block.get("type") == "image" else "file"
    source = mapping(block.get("source"))
    match source.get("type"):
        case "base64":
            return [blob(modality, text(source.get("media_type")), source.get("data"))]
        case "text":
            return said("text", source.get("data"))
        case "content":
            return read_parts(source.get("content"))
        case "url" | "file":
            return [link(modality, source.get("url") or source.get("file_id"))]
    return [other(block)]


def _tool_use(block: Body) -> list[Part]:
    return [tool_call(block.get("id"), block.get("name"), block.get("input"))]


def _tool_result(block: Body) -> list[Part]:
    return [tool_response(block.get("tool_use_id"), block.get("content"))]


_READERS: dict[str, Callable[[Body], list[Part]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "summary_text": _text,
    "reasoning_text": _text,
    "refusal": _refusal,
    "thinking": _thinking,
    "image_url": _image,
    "input_image": _image,
    "image_file": _image,
    "video_url": _video,
    "input_audio": _audio,
    "file": _file,
    "input_file": _file,
    "image": _sourced,
    "document": _sourced,
    "tool_use": _tool_use,
    "server_tool_use": _tool_use,
    "tool_result": _tool_result,
}
"""By the block's `type`. The providers' names don't clash, so that one table serves them all."""
