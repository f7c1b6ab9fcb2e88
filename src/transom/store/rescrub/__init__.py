"""What is stored, redacted again after a reviewer has taught redaction a value that it had missed.

`job` goes through all of a project in batches: its messages, then its traces, then its feedback. `count` only counts.
"""

from __future__ import annotations

from typing import Protocol

from transom.types import Json, RedactedMessage

BATCH = 500
"""Rows that are looked at together, and changed in one transaction."""


class Scrubber(Protocol):
    """What redacts again. It gives back what it was given where there is nothing to redact."""

    def message(self, message: RedactedMessage) -> RedactedMessage:
        """A message and its remarks."""

    def value(self, value: Json) -> Json:
        """Any other JSON, an id or a text among it."""
