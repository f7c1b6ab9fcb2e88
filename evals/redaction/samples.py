"""Texts whose personal data is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

_SLOT = re.compile(r"\{(\w+)\}")
_TITLE = re.compile(
    r"\b(?:Mr|Ms|Dr|Nurse|Supervisor|Herr|Frau|Mme|M|señor|señora|senhora|signor|dottoressa|doutora|heer|mevrouw)\.? $",
    re.I,
)
"""Before a name: some sets count it as a part of the name, and some don't."""


class Label(NamedTuple):
    """Personal data at `text[start:end]`, and what its set calls it."""

    start: int
    end: int
    kind: str

    def moved(self, by: int) -> Label:
        """The same, so many characters further on."""
        return Label(self.start + by, self.end + by, self.kind)


class Sample(msgspec.Struct, frozen=True):
    """A text and its labels. What is `ignored` is neither credited nor held against; `where` says how it is written."""

    text: str
    labels: tuple[Label, ...] = ()
    ignored: tuple[tuple[int, int], ...] = ()
    language: str = "en"
    where: str = ""


UNCOUNTED = "-"
"""The kind of what may be taken for personal data or not, such as the name of a firm."""


class Value(NamedTuple):
    """What fills a slot: `kind` is None for what isn't personal data and looks like it."""

    text: str
    kind: str | None


def fill(template: str, value: Callable[[str], Value], language: str = "en", where: str = "") -> Sample:
    """The template with a value in each `{slot}`, labelled."""
    text, labels, ignored, position = "", list[Label](), list[tuple[int, int]](), 0
    for slot in _SLOT.finditer(template):
        text += template[position : slot.start()]
        if title := _TITLE.search(text):
            ignored.append(title.span())
        filled = value(slot[1])
        start, text = len(text), text + filled.text
        if filled.kind == UNCOUNTED:
            ignored.append((start, len(text)))
        elif filled.kind:
            labels.append(Label(start, len(text), filled.kind))
        position = slot.end()
    return Sample(text + template[position:], tuple(labels), tuple(ignored), language, where)


def joined(pieces: Iterable[Sample]) -> Sample:
    """One text of several, in the language and the manner of the last that has one."""
    text, labels, ignored, language, where = "", list[Label](), list[tuple[int, int]](), "en", ""
    for piece in pieces:
        labels += [label.moved(len(text)) for label in piece.labels]
        ignored += [(start + len(text), end + len(text)) for start, end in piece.ignored]
        text += piece.text
        if piece.where:
            language, where = piece.language, piece.where
    return Sample(text, tuple(labels), tuple(ignored), language, where)


def unlabelled(text: str) -> Sample:
    """A text of which nobody said what is in it."""
    return Sample(text, ignored=((0, len(text)),))
