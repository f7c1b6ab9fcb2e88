"""What recognizers are and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Finding(NamedTuple):
    """Personal data at `text[start:end]`. `score` is 0..1: how sure it is that it is what `entity` names."""

    start: int
    end: int
    entity: str
    score: float


class Span(NamedTuple):
    """A finding that is to be redacted, and the name of the recognizer that made it."""

    start: int
    end: int
    entity: str
    recognizer: str


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A pattern recognizer: pure Python, linear in the length of the text, no state.

    `find` gets text as `transom.redact.text.fold` leaves it: ASCII digits, spaces and hyphens whatever the script.
    """

    name: str
    entities: tuple[str, ...]
    find: Callable[[str], Iterable[Finding]]
