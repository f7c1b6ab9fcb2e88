"""Walks a message's parts and any other JSON, and passes every string in them through redaction.

For a language model a walk is made twice: the first time to collect the texts, so that they can be looked at together,
the second time to replace them.
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from transom.redact.blobs import Bytes, decoded_size, is_summary, read_bytes
from transom.redact.jsontext import Output, Redacted, is_json, json_ranges, rewrite
from transom.redact.keys import entity_of
from transom.redact.placeholders import Placeholders, is_placeholder
from transom.redact.text import visible
from transom.types import Json, Remark

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
    """One pass over one part of a message, or over other JSON. `remarks` grows with each replaced text."""

    def __init__(self, rules: Rules, *, definitions: bool = False) -> None:
        """With `definitions`, names and types at any depth are identifiers, as in tools' descriptions."""
        self._rules, self._definitions = rules, definitions
        self.remarks: list[Remark] = []

    def part(self, part: dict[str, Json]) -> dict[str, Json]:
        """A part of a message; the paths of remarks begin below it."""
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
                redacted[name] = self.value(value, [name], None)
        return redacted

    def _blob(self, part: dict[str, Json]) -> dict[str, Json]:
        mime_type, content = part.get("mime_type"), part.get("content")
        given = Bytes(mime_type if isinstance(mime_type, str) else None, content if isinstance(content, str) else "")
        summary = self._summary(given, part)
        return summary | {"size": part["size"], "digest": part["digest"]} if is_summary(part) else summary

    def _summary(self, given: Bytes, part: dict[str, Json]) -> dict[str, Json]:
        modality = {"modality": self.ident(str(part["modality"]))} if "modality" in part else {}
        return {
            "type": "blob",
            **modality,
            "mime_type": self.optional_ident(given.mime_type),
            "size": decoded_size(given.content),
            "digest": self._rules.placeholders.digest(given.content),
        }

    def _uri(self, part: dict[str, Json]) -> dict[str, Json]:
        uri = part.get("uri")
        uri = uri if isinstance(uri, str) else ""
        if uri[:5].lower() == "data:":
            head, _, content = uri.partition(",")
            return self._summary(Bytes(head[5:].partition(";")[0] or None, content), part)
        return {"type": "uri", "modality": self.ident(str(part.get("modality"))), "uri": self.uri(uri)}

    def uri(self, uri: str) -> str:
        """An address without its credentials and query; ids in its path pass the pattern recognizers."""
        parts = _split(visible(uri))
        if parts is None:
            return self._rules.placeholders.make("URL", uri)
        host = parts.netloc.rpartition("@")[2]
        query = "?" + self._query(parts.query) if parts.query else ""
        scheme = f"{parts.scheme}://" if parts.netloc else f"{parts.scheme}:" if parts.scheme else ""
        return scheme + self.ident(host) + "/".join(self.ident(step) for step in parts.path.split("/")) + query

    def _query(self, query: str) -> str:
        return query if is_placeholder(query) else self._rules.placeholders.make("URL", query)

    def value(self, value: Json, path: Path, key: str | None) -> Json:
        """Any JSON: values are redacted, and keys that hold personal data; bytes are summed up."""
        if isinstance(value, str):
            content = read_bytes(value, key)
            return self._summary(content, {}) if content else self._text(value, path, key)
        if isinstance(value, list):
            return [self.value(each, [*path, index], key) for index, each in enumerate(value)]
        if isinstance(value, dict):
            return self._mapping(value, path)
        if value is None or isinstance(value, bool):
            return value
        written = str(value)
        redacted = self._rules.number(written, key)
        self._remark(redacted, path)
        return value if redacted.text == written else redacted.text

    def _mapping(self, value: dict[str, Json], path: Path) -> dict[str, Json]:
        if is_summary(value):
            return self._blob(value)
        redacted: dict[str, Json] = {}
        for key, each in value.items():
            name = _unused(self.ident(key), redacted)
            identifier = self._definitions and key in _IDS and isinstance(each, str)
            redacted[name] = self.ident(each) if identifier else self.value(each, [*path, name], key)
        return redacted

    def _text(self, text: str, path: Path, key: str | None) -> str:
        redacted = self.text(visible(text), key)
        self._remark(redacted, path)
        return redacted.text

    def text(self, text: str, key: str | None, nesting: int = _MAX_NESTING) -> Redacted:
        """A text, and the strings of the JSON in it; keys and punctuation stay, so that JSON stays JSON."""
        if not nesting or ("{" not in text and "[" not in text) or entity_of(key, text):
            return self._rules.leaf(text, key)
        if is_json(text):
            return self._json(text, nesting)
        position, output = 0, Output()
        for start, end in json_ranges(text):
            output.add(self._between(text[position:start]))
            output.add(self._json(text[start:end], nesting))
            position = end
        if not position:
            return self._rules.leaf(text, key)
        output.add(self._between(text[position:]))
        return output.redacted()

    def _between(self, text: str) -> Redacted:
        return self._rules.leaf(text, None) if _WORD.search(text) else Redacted(text, [])

    def _json(self, text: str, nesting: int) -> Redacted:
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
            self.remarks.append(Remark(**mark._asdict(), message=0, path=path))


_IDS = frozenset({"type", "id", "name"})
_WORD = re.compile(r"\w")


def _split(uri: str) -> SplitResult | None:
    """The parts of an address. None with line breaks: `urlsplit` leaves them out, and so joins what they part."""
    try:
        return urlsplit(uri) if uri.isprintable() else None
    except ValueError:
        return None


def _unused(name: str, taken: dict[str, Json]) -> str:
    """The name, with a number if it is taken already."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def count_chars(value: Json, key: str | None = None) -> int:
    """Characters of all strings of a JSON value, keys included; bytes in base64 aren't read, so not counted."""
    if isinstance(value, str):
        return 0 if read_bytes(value, key) else len(value)
    if isinstance(value, list):
        return sum(count_chars(each, key) for each in value)
    if isinstance(value, dict):
        if value.get("type") == "blob":
            return 0
        return sum(len(name) + count_chars(each, name) for name, each in value.items())
    return 0
