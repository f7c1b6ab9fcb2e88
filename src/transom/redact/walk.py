"""Walks a message's parts and any other JSON, and passes every string in them through redaction.

A walk is made twice: the first time to collect the texts, so that they can be looked at together, the second time to
replace them.
"""

from __future__ import annotations

import base64
import binascii
from typing import Protocol
from urllib.parse import urlsplit

from transom.capture.exchange import Message
from transom.redact.jsontext import Redacted, is_json, rewrite
from transom.redact.placeholders import Placeholders
from transom.redact.text import visible
from transom.types import Json, RedactedMessage, Remark

Path = list[str | int]

_MAX_NESTING = 3
"""How deep JSON texts within JSON texts are read as JSON."""


class Rules(Protocol):
    """What a walk does with what it meets. Strings have passed `visible`."""

    placeholders: Placeholders

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text that may hold anything, and the key that it stands under."""

    def ident(self, text: str) -> str:
        """An id or a name, looked at by pattern recognizers only."""

    def number(self, text: str, key: str | None) -> Redacted:
        """A number, as text."""


class Walk:
    """One pass over one message, or over JSON outside of messages. `remarks` grows with each replaced text."""

    def __init__(self, rules: Rules, message: int = 0, *, definitions: bool = False) -> None:
        """With `definitions`, names and types at any depth are identifiers, as in tools' descriptions."""
        self._rules, self._message, self._definitions = rules, message, definitions
        self.remarks: list[Remark] = []

    def message(self, message: Message) -> RedactedMessage:
        """A message with all its parts."""
        return RedactedMessage(
            role=self.ident(message.role),
            parts=[self._part(part, [index]) for index, part in enumerate(message.parts)],
            name=self.optional_ident(message.name),
            finish_reason=self.optional_ident(message.finish_reason),
            remarks=self.remarks,
        )

    def _part(self, part: dict[str, Json], path: Path) -> dict[str, Json]:
        kind = part.get("type")
        if kind == "blob":
            return self._blob(part)
        if kind == "uri":
            return self._uri(part)
        redacted: dict[str, Json] = {}
        for name, value in part.items():
            if name in _IDS and isinstance(value, str):
                redacted[name] = self.ident(value)
            else:
                redacted[name] = self.value(value, [*path, name], None)
        return redacted

    def _blob(self, part: dict[str, Json]) -> dict[str, Json]:
        content = part.get("content")
        content = content if isinstance(content, str) else ""
        return {
            "type": "blob",
            "modality": self.ident(str(part.get("modality"))),
            "mime_type": self.ident(part["mime_type"]) if isinstance(part.get("mime_type"), str) else None,
            "size": _decoded_size(content),
            "digest": self._rules.placeholders.digest(content),
        }

    def _uri(self, part: dict[str, Json]) -> dict[str, Json]:
        uri = part.get("uri")
        uri = uri if isinstance(uri, str) else ""
        if uri[:5].lower() == "data:":
            head, _, content = uri.partition(",")
            mime_type = head[5:].partition(";")[0] or None
            return self._blob({"modality": part.get("modality"), "mime_type": mime_type, "content": content})
        return {"type": "uri", "modality": self.ident(str(part.get("modality"))), "uri": self.uri(uri)}

    def uri(self, uri: str) -> str:
        """An address without its credentials and query; ids in its path pass the pattern recognizers."""
        try:
            parts = urlsplit(visible(uri))
            host = parts.netloc.rpartition("@")[2]
        except ValueError:
            return self._rules.placeholders.make("URL", uri)
        query = "?" + self._rules.placeholders.make("URL", parts.query) if parts.query else ""
        scheme = f"{parts.scheme}://" if parts.netloc else f"{parts.scheme}:" if parts.scheme else ""
        return scheme + self.ident(host) + "/".join(self.ident(step) for step in parts.path.split("/")) + query

    def value(self, value: Json, path: Path, key: str | None) -> Json:
        """Any JSON: values are redacted, and keys that hold personal data."""
        if isinstance(value, str):
            return self._text(value, path, key)
        if isinstance(value, list):
            return [self.value(each, [*path, index], key) for index, each in enumerate(value)]
        if isinstance(value, dict):
            return self._mapping(value, path)
        if value is None or isinstance(value, bool):
            return value
        redacted = self._rules.number(str(value), key)
        self._remark(redacted, path)
        return redacted.text if redacted.marks else value

    def _mapping(self, value: dict[str, Json], path: Path) -> dict[str, Json]:
        redacted: dict[str, Json] = {}
        for key, each in value.items():
            name = _unused(self.ident(key), redacted)
            identifier = self._definitions and key in _IDS and isinstance(each, str)
            redacted[name] = self.ident(each) if identifier else self.value(each, [*path, name], key)
        return redacted

    def _text(self, text: str, path: Path, key: str | None) -> str:
        redacted = self.text(visible(text), key, _MAX_NESTING)
        self._remark(redacted, path)
        return redacted.text

    def text(self, text: str, key: str | None, nesting: int) -> Redacted:
        """A text, or the strings in it if it is JSON."""
        if not nesting or not is_json(text):
            return self._rules.leaf(text, key)
        return rewrite(
            text,
            leaf=lambda each, name: self.text(visible(each), name, nesting - 1),
            number=self._rules.number,
            key=self.ident,
        )

    def ident(self, text: str) -> str:
        """An id or a name."""
        return self._rules.ident(visible(text))

    def optional_ident(self, text: str | None) -> str | None:
        """An id or a name, if there is one."""
        return None if text is None else self.ident(text)

    def _remark(self, redacted: Redacted, path: Path) -> None:
        for mark in redacted.marks:
            self.remarks.append(Remark(**mark._asdict(), message=self._message, path=path))


_IDS = frozenset({"type", "id", "name"})


def _unused(name: str, taken: dict[str, Json]) -> str:
    """The name, with a number if it is taken already."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def _decoded_size(content: str) -> int:
    """Bytes of a base64 text, or its characters if it is none."""
    try:
        return len(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        return len(content)


def count_chars(value: Json) -> int:
    """Characters of all strings of a JSON value, keys included; blobs and `data:` URIs aren't read, so not counted."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(count_chars, value))
    if isinstance(value, dict):
        if value.get("type") == "blob" or str(value.get("uri", ""))[:5].lower() == "data:":
            return 0
        return sum(len(key) + count_chars(each) for key, each in value.items())
    return 0
