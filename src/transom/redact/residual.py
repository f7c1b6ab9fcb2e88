"""Reads redacted messages again: what the strict profile still finds there, redaction has perhaps missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.jsontext import Mark, Redacted
from transom.redact.keys import entity_of
from transom.redact.language import language_of
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile
from transom.redact.rules import Collecting
from transom.redact.walk import Walk
from transom.types import Json, Miss, Residual

Message = list[dict[str, Json]]
"""The parts of a redacted message."""

_HIDDEN = "\ue000"
"""A letter of nobody's (Unicode's private use area), which JSON writes as it is."""


class Noting:
    """Notes where something is found, and hides its letters and digits: all others, so all places, stay the same."""

    def __init__(self, placeholders: Placeholders, found: Mapping[str, Sequence[Span]]) -> None:
        self.placeholders = placeholders
        self._found = found

    def leaf(self, text: str, key: str | None) -> Redacted:
        """A text; that under a telling key was redacted as a whole, whatever the profile."""
        if entity_of(key, text) is not None:
            return Redacted(text, [])
        marks = [Mark(*span) for span in self._found.get(text, ())]
        hidden, position = [], 0
        for mark in marks:
            value = text[mark.start : mark.end]
            hidden += [text[position : mark.start], "".join(_HIDDEN if char.isalnum() else char for char in value)]
            position = mark.end
        return Redacted("".join([*hidden, text[position:]]), marks)

    def ident(self, text: str) -> str:
        """Ids and keys are read by patterns alone, which have read them already."""
        return text

    def number(self, text: str, key: str | None) -> Redacted:
        """Likewise numbers."""
        return Redacted(text, [])


def read_again(
    messages: Mapping[int, Message], strict: Finder, profile: Profile, name: str, placeholders: Placeholders
) -> list[Residual]:
    """What `strict` finds in messages redacted by the `profile` of that name, but for kinds that this one leaves alone.

    Placeholders are no finding, and of ids, keys and numbers nothing is said.
    """
    collecting = Collecting(placeholders)
    texts = {number: _texts(parts, collecting) for number, parts in messages.items()}
    all_texts = list(collecting.texts)
    found = dict(zip(all_texts, strict.find_all(all_texts), strict=True))
    wanted = {text: [span for span in spans if not profile.is_off(span.entity)] for text, spans in found.items()}
    noting = Noting(placeholders, wanted)
    return [
        Residual(number, name, language_of(texts[number]), list(_misses(parts, noting)))
        for number, parts in messages.items()
    ]


def _texts(parts: Message, collecting: Collecting) -> str:
    """All texts of a message, collected and as one."""
    own = Collecting(collecting.placeholders)
    for part in parts:
        Walk(own).part(part)
    collecting.texts |= own.texts
    return "\n".join(own.texts)


def _misses(parts: Message, noting: Noting) -> Iterator[Miss]:
    for index, part in enumerate(parts):
        walk = Walk(noting)
        hidden = walk.part(part)
        for remark in walk.remarks:
            before, after = _leaf(part, remark.path), _leaf(hidden, remark.path)
            same = len(before) == len(after)  # JSON in it may have been written with escapes that are not needed
            start, end = (remark.start, remark.end) if same else (0, len(before))
            yield Miss(remark.entity, [index, *remark.path], start, end)


def _leaf(value: Json, path: Sequence[str | int]) -> str:
    for step in path:
        value = value[step]
    return str(value)
