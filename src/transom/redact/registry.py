"""Collects the recognizers of the built-in and installed plugins."""

from __future__ import annotations

from typing import Any

from transom.plugins import manager
from transom.redact import recognizers
from transom.redact.finding import Recognizer


class Registry:
    """Recognizers, ours and Presidio's apart: Presidio's run in pieces of a text, and need its engine."""

    def __init__(self) -> None:
        self.patterns: list[Recognizer] = []
        self.presidio: list[Any] = []

    def add(self, recognizer: object) -> None:
        """See `transom.plugins.RecognizerRegistry`."""
        if isinstance(recognizer, Recognizer):
            self.patterns.append(recognizer)
        elif callable(getattr(recognizer, "analyze", None)) and hasattr(recognizer, "supported_entities"):
            self.presidio.append(recognizer)
        else:
            raise TypeError("a recognizer must be transom's Recognizer or Presidio's EntityRecognizer")

    @property
    def entities(self) -> set[str]:
        """All that they may find."""
        found = {entity for recognizer in self.patterns for entity in recognizer.entities}
        return found | {entity for recognizer in self.presidio for entity in recognizer.supported_entities}


def register_all(registry: Registry, *, national_ids: bool) -> None:
    """Let every plugin add its recognizers."""
    builtins: list[object] = [recognizers]
    if national_ids:
        from transom.redact import national

        builtins.append(national)
    manager(builtins).hook.register_recognizers(registry=registry)
