"""The points where other packages can add to Transom: pluggy hooks, found by the entry-point group `transom`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pluggy

GROUP = "transom"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class RecognizerRegistry(Protocol):
    """Takes the recognizers that redaction runs."""

    def add(self, recognizer: object) -> None:
        """Take a `transom.redact.finding.Recognizer` or a Presidio `EntityRecognizer`; its language doesn't matter.

        A `PatternRecognizer` runs as ours do, on ids too, and its context words count without a language model. Any
        other gets each text in pieces of 4,000 characters, and no NLP artifacts. Raises TypeError for anything else.
        """


class Hooks:
    """What a plugin may implement, each marked with `transom.plugins.hookimpl`."""

    @hookspec
    def register_recognizers(self, registry: RecognizerRegistry) -> None:
        """Add recognizers of personal data. Called once in each redaction process, before its first text."""


def manager(builtins: Iterable[object]) -> pluggy.PluginManager:
    """A plugin manager with the given built-in plugins and all installed ones."""
    plugins = pluggy.PluginManager(GROUP)
    plugins.add_hookspecs(Hooks)
    for plugin in builtins:
        plugins.register(plugin)
    plugins.load_setuptools_entrypoints(GROUP)
    return plugins
