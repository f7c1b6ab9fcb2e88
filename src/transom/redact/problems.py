"""Why redaction can't be had. No message of these holds content."""

from __future__ import annotations

from typing import Literal

Reason = Literal["redaction_timeout", "redaction_error", "redaction_crashed", "too_large"]


class RedactionFailed(Exception):
    """One exchange or feedback couldn't be redacted; only its metadata may be kept."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class RedactionUnavailable(Exception):
    """No redaction process can work with these settings; the message says why."""


class ModelMismatch(Exception):
    """The installed language model isn't the one that was vetted."""
