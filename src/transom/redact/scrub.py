"""Redacts again what is stored already, by one rule that a reviewer taught. Nothing here can name a raw exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from transom.redact.jsontext import Redacted
from transom.redact.patterns import Patterns
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile
from transom.redact.rules import replace
from transom.redact.taught import Taught
from transom.redact.walk import Walk
from transom.types import Json, RedactedMessage, Remark, TaughtRule

Path = list[str | int]


class Scrubber:
    """What a rule makes of redacted content: as redaction makes it of fresh content, and nothing besides."""

    def __init__(self, rule: TaughtRule, placeholders: Placeholders) -> None:
        self._walk = Walk(_ByRule(rule, placeholders))

    def message(self, message: RedactedMessage) -> RedactedMessage:
        """The message, redacted again, with its remarks at their new places; itself where the rule finds nothing."""
        added: list[Remark] = []
        parts = self._value(message.parts, [], added)
        name = self.value(message.name)
        if parts == message.parts and name == message.name:
            return message
        remarks = [*_moved(message, parts, added), *added]
        return msgspec.structs.replace(message, parts=parts, name=name, remarks=sorted(remarks, key=_place))

    def value(self, value: Json) -> Json:
        """Any other JSON, an id or a text among it."""
        return self._value(value, [], [])

    def _value(self, value: Json, path: Path, added: list[Remark]) -> Json:
        if isinstance(value, list):
            return [self._value(each, [*path, index], added) for index, each in enumerate(value)]
        if isinstance(value, dict):
            return self._mapping(value, path, added)
        if value is None or isinstance(value, bool):
            return value
        redacted = self._walk.text(str(value), None)
        added += [Remark(**mark._asdict(), message=0, path=path) for mark in redacted.marks]
        return redacted.text if redacted.marks else value

    def _mapping(self, value: dict[str, Json], path: Path, added: list[Remark]) -> dict[str, Json]:
        redacted: dict[str, Json] = {}
        for key, each in value.items():
            name = self._walk.ident(key)
            while name in redacted:
                name += "_"
            redacted[name] = self._value(each, [*path, name], added)
        return redacted


class _ByRule:
    """What a walk does by one rule: ids and numbers are texts to it."""

    def __init__(self, rule: TaughtRule, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self._patterns = Patterns([], Profile(threshold=1.0), (), Taught([rule], placeholders.key))

    def leaf(self, text: str, key: str | None) -> Redacted:
        cover = self._patterns.placeholders(text)
        return replace(text, sorted(self._patterns.find(text, cover)), self.placeholders.make)

    def ident(self, text: str) -> str:
        return self.leaf(text, None).text

    number = leaf


def _moved(message: RedactedMessage, parts: Json, added: Sequence[Remark]) -> Iterator[Remark]:
    """The remarks that the message had, at the places where their placeholders stand now."""
    for remark in message.remarks:
        before, after = _leaf(message.parts, remark.path), _leaf(parts, remark.path)
        if before is None or after is None:
            continue  # under a key that was redacted itself
        placeholder = before[remark.start : remark.end]
        new = {each.start for each in added if each.path == remark.path}
        start = _nth(after, placeholder, before.count(placeholder, 0, remark.start), new)
        if start is not None:
            yield msgspec.structs.replace(remark, start=start, end=start + len(placeholder))


def _leaf(value: Json, path: Path) -> str | None:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value if isinstance(value, str) else None


def _nth(text: str, placeholder: str, number: int, new: set[int]) -> int | None:
    """Where that placeholder stands for the time of that number, those not counted that are new."""
    start = text.find(placeholder)
    while start >= 0:
        if start not in new:
            if number == 0:
                return start
            number -= 1
        start = text.find(placeholder, start + len(placeholder))
    return None


def _place(remark: Remark) -> tuple[list[str], int]:
    return [f"{step:09}" if isinstance(step, int) else step for step in remark.path], remark.start


class Mentions:
    """Counts as touched what holds a placeholder: where a wrong finding stands, which can't be undone."""

    def __init__(self, placeholder: str) -> None:
        self._placeholder = placeholder

    def message(self, message: RedactedMessage) -> RedactedMessage:
        """Another message if it holds the placeholder."""
        if self._placeholder not in msgspec.json.encode(message.parts).decode():
            return message
        return msgspec.structs.replace(message, parts=[])

    def value(self, value: Json) -> Json:
        """Another value if it holds the placeholder."""
        return None if self._placeholder in msgspec.json.encode(value).decode() else value
