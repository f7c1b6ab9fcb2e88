"""`transom redact`: standard input, redacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from transom.config import Settings
from transom.redact.redactor import Redactor
from transom.secret import Secret

_BATCH = 64
"""JSON lines that are looked at together."""


class _Line(msgspec.Struct):
    text: str


class UnreadableLine(Exception):
    """A line of the input isn't as it should be; the message says which, and shows nothing of it."""


def redact_stream(
    lines: Iterable[str], settings: Settings, secret: Secret, profile: str | None = None, spans: bool = False
) -> Iterator[str]:
    """The text of all lines, redacted; or with `spans`, for each JSON line `{"text"}` one line `{"spans"}`.

    A span is `{"entity", "start", "end"}`, in characters of the text. `profile` replaces the settings' own.
    Texts are then read as text, not as JSON. Raises UnreadableLine for a line that isn't such JSON, ConfigError or
    ModelMismatch where the profile can't be had.
    """
    chosen = {"profile": profile or settings.redaction.profile, "routes": {}, "projects": {}}
    redaction = settings.redaction.model_copy(update=chosen)
    redactor = Redactor(settings.model_copy(update={"redaction": redaction}), secret)
    if spans:
        yield from _spans(redactor, iter(lines))
    else:
        yield redactor.redact_text("".join(lines))[0]


def _spans(redactor: Redactor, lines: Iterator[str]) -> Iterator[str]:
    numbered = enumerate(lines, 1)
    while batch := list(islice(numbered, _BATCH)):
        texts = [_text(number, line) for number, line in batch if line.strip()]
        for found in redactor.find(texts):
            rows = [{"entity": span.entity, "start": span.start, "end": span.end} for span in found]
            yield msgspec.json.encode({"spans": rows}).decode() + "\n"


def _text(number: int, line: str) -> str:
    try:
        return msgspec.json.decode(line, type=_Line).text
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise UnreadableLine(f'line {number}: must be JSON that holds a text, as in {{"text": "Hello"}}') from None
