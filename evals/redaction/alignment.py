"""Where a redacted text's placeholders stood before.

Scores are taken from what would be stored, not from what recognizers say: so the walk through JSON, the rules for keys
and the placeholders are measured too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.placeholders import Placeholders

PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*):[a-z2-7]{4}>")


class Altered(Exception):
    """A redacted text differs from its original in more than placeholders."""


def removed(original: str, redacted: str, placeholders: Placeholders) -> list[tuple[int, int, str]]:
    """Start, end and entity of what the placeholders replaced. Raises Altered.

    The text between two placeholders may occur more than once; a placeholder's keyed tag says which occurrence ends the
    value that it stands for.
    """
    marks = list(PLACEHOLDER.finditer(redacted))
    ends = [mark.end() for mark in marks]
    literals = [redacted[end : mark.start()] for end, mark in zip([0, *ends], marks, strict=False)]
    literals.append(redacted[ends[-1] if ends else 0 :])
    position = _begin(original, literals[0])
    found = []
    for mark, literal in zip(marks, literals[1:], strict=True):
        last = mark is marks[-1]
        end, after = _end(original, position, literal, mark, placeholders, last)
        found.append((position, end, mark[1]))
        position = after
    if position != len(original):
        raise Altered
    return found


def _begin(original: str, literal: str) -> int:
    for known in _forms(literal):
        if original.startswith(known):
            return len(known)
    raise Altered


def _end(
    original: str, start: int, literal: str, mark: re.Match[str], placeholders: Placeholders, last: bool
) -> tuple[int, int]:
    """Where the value that begins at `start` ends, and where the literal after it does."""
    for known in _forms(literal):
        ends = _occurrences(original, start, known, last)
        first = None
        for end in ends:
            first = end if first is None else first
            if placeholders.make(mark[1], original[start:end]) == mark[0]:
                return end, end + len(known)
        if first is not None and known:
            return first, first + len(known)
    raise Altered


def _occurrences(original: str, start: int, literal: str, last: bool) -> Iterator[int]:
    if last:
        end = len(original) - len(literal)
        if end >= start and original.endswith(literal):
            yield end
        return
    end = original.find(literal, start)
    while end >= 0:
        yield end
        end = original.find(literal, end + 1)


def _forms(literal: str) -> Iterator[str]:
    """The literal, and without the quotes that a number has been given in a JSON text."""
    yield literal
    if literal[:1] == '"' or literal[-1:] == '"':
        yield literal.removeprefix('"')
        yield literal.removesuffix('"')
        yield literal.removeprefix('"').removesuffix('"')
