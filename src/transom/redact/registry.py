"""Collects the recognizers of the built-in and installed plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transom.plugins import manager
from transom.redact import recognizers
from transom.redact.finding import Recognizer
from transom.redact.own import OwnRecognizer


class Registry:
    """Recognizers: those by patterns, ours and Presidio's, and Presidio's others, which run once for each text."""

    def __init__(self) -> None:
        self.patterns: list[Recognizer] = []
        self.presidio: list[Any] = []

    def add(self, recognizer: object) -> None:
        """See `transom.plugins.RecognizerRegistry`."""
        if isinstance(recognizer, Recognizer):
            self.patterns.append(recognizer)
        elif not callable(getattr(recognizer, "analyze", None)) or not hasattr(recognizer, "supported_entities"):
            raise TypeError("a recognizer must be transom's Recognizer or Presidio's EntityRecognizer")
        elif hasattr(recognizer, "patterns"):
            from transom.redact.presidio import adapted

            self.patterns.append(adapted(recognizer))
        else:
            self.presidio.append(recognizer)

    @property
    def entities(self) -> set[str]:
        """All that they may find."""
        found = {entity for recognizer in self.patterns for entity in recognizer.entities}
        return found | {entity for recognizer in self.presidio for entity in recognizer.supported_entities}


def register_all(registry: Registry, *, national_ids: bool, own: Iterable[OwnRecognizer] = ()) -> None:
    """Let every plugin add its recognizers, and add users' own.

    Raises ConfigError where one of these can't be made.
    """
    builtins: list[object] = [recognizers]
    if national_ids:
        from transom.redact import national

        builtins.append(national)
    manager(builtins).hook.register_recognizers(registry=registry)
    for each in own:
        if each.enabled:
            registry.add(each.made())
