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


def redact_stream(
    lines: Iterable[str], settings: Settings, secret: Secret, profile: str | None = None, spans: bool = False
) -> Iterator[str]:
    """The text of all lines, redacted; or with `spans`, for each JSON line `{"text"}` one line `{"spans"}`.

    A span is `{"entity", "start", "end"}`, in characters of the text. `profile` replaces the settings' own.
    Raises msgspec.DecodeError for a line that isn't such JSON.
    """
    if profile:
        redaction = settings.redaction.model_copy(update={"profile": profile})
        settings = settings.model_copy(update={"redaction": redaction})
    redactor = Redactor(settings, secret)
    if spans:
        yield from _spans(redactor, iter(lines))
    else:
        yield redactor.redact_text("".join(lines))[0]


def _spans(redactor: Redactor, lines: Iterator[str]) -> Iterator[str]:
    while batch := list(islice(lines, _BATCH)):
        texts = [msgspec.json.decode(line, type=_Line).text for line in batch if line.strip()]
        for found in redactor.find(texts):
            rows = [{"entity": span.entity, "start": span.start, "end": span.end} for span in found]
            yield msgspec.json.encode({"spans": rows}).decode() + "\n"
