"""Placeholders of redacted text, shown as *Person 1*, *Person 2*."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup, escape

_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]{1,39})(?::([a-z2-7]{4}))?>")
"""`<PERSON:k7qx>` with four base32 characters, or `<PERSON>` where placeholders are plain."""

_ABBREVIATIONS = frozenset(
    ("api", "cvv", "eu", "iban", "id", "imei", "ip", "jwt", "mac", "nhs", "ssn", "uk", "uri", "url", "us", "vat")
)


def kind(entity: str) -> str:
    """An entity's name in words: `EMAIL_ADDRESS` becomes `Email address`, `US_SSN` `US SSN`."""
    words = [w.upper() if w in _ABBREVIATIONS else w for w in entity.lower().split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


@dataclass
class Marks:
    """Numbers the placeholders of one trace, each kind from 1 in the order they appear.

    Text without a tag, such as `<DIV>`, is a placeholder only if a remark says that such an entity was found.
    """

    entities: frozenset[str] = frozenset()
    numbered: bool = True
    _numbers: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, remarks: Iterable[dict[str, str]]) -> Marks:
        """For a trace with these remarks."""
        return cls(frozenset(remark["entity"] for remark in remarks))

    def show(self, text: str) -> Markup:
        """`text` escaped, with each placeholder as a `<mark>`."""
        shown, end = [], 0
        for found in _PLACEHOLDER.finditer(text):
            entity, tag = found.groups()
            if tag is None and entity not in self.entities:
                continue
            shown += [escape(text[end : found.start()]), self._mark(entity, tag)]
            end = found.end()
        return Markup("").join([*shown, escape(text[end:])])

    def _mark(self, entity: str, tag: str | None) -> Markup:
        name, title = kind(entity), "redacted"
        if tag is not None:
            title = f"redacted; the same tag, {tag}, stands for the same value everywhere"
            if self.numbered:
                name = f"{name} {self._number(entity, tag)}"
        return Markup('<mark title="{}: {}">{}</mark>').format(kind(entity), title, name)

    def _number(self, entity: str, tag: str) -> int:
        seen = self._numbers.setdefault(entity, {})
        return seen.setdefault(tag, len(seen) + 1)


PREVIEW = Marks(numbered=False)
"""For lists, where a number would not be the one that the trace's own page gives."""
