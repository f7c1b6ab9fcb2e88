"""Images, audio and files in base64: nobody can redact them, so that only type, size and a keyed digest are kept."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from transom.types import Json

_DATA_URI = re.compile(
    r"data:(?:(?P<mime>\w[\w.+-]{0,80}/[\w.+-]{1,80})|(?=;))(?:;[\w.=+-]{1,100}){0,4},(?P<content>\S*)", re.IGNORECASE
)
"""RFC 2397, but for those that name neither a type nor an encoding, which look like prose."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{128,}={0,2}")
_BYTES_KEYS = frozenset(
    ["data", "file_data", "b64_json", "base64", "bytes", "image", "audio", "blob", "encrypted_content", "signature"]
)
"""Under which OpenAI, Anthropic, Gemini and MCP (blocks in tools' results) put bytes."""
_SUMMARY = frozenset({"type", "modality", "mime_type", "size", "digest"})
_DIGEST = re.compile("[0-9a-f]{32}")


class Bytes(NamedTuple):
    """Bytes as they travel in JSON."""

    mime_type: str | None
    content: str


def read_bytes(text: str, key: str | None = None) -> Bytes | None:
    """The bytes that a string of JSON is, if it is a `data:` URI or stands under a key that bytes stand under."""
    if text[:5].lower() == "data:" and (match := _DATA_URI.fullmatch(text)):
        return Bytes(match["mime"], match["content"])
    if key in _BYTES_KEYS and _BASE64.fullmatch(text):
        return Bytes(None, text)
    return None


def is_summary(value: dict[str, Json]) -> bool:
    """Whether it is what was kept of bytes."""
    if value.get("type") != "blob" or not value.keys() <= _SUMMARY or not isinstance(value.get("size"), int):
        return False
    return bool(_DIGEST.fullmatch(str(value.get("digest"))))


def decoded_size(content: str) -> int:
    """Bytes of a base64 text, or its characters if it is none."""
    try:
        return len(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        return len(content)
