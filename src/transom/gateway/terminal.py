"""Finds the event that ends a stream, so that the record is kept before the client has seen the whole reply."""

from __future__ import annotations

import re

# A line break inside JSON is escaped, so these can only be real event lines.
_TERMINAL = re.compile(
    rb"(?:^|[\r\n])(?:data: ?\[DONE\]|event: ?(?:message_stop|response\.(?:completed|failed|incomplete)|done)\b)"
)
_LONGEST = 40


class TerminalWatch:
    """Looks at a stream's pieces as they pass; an event line may be split between two."""

    def __init__(self) -> None:
        self._tail = b"\n"

    def ends_with(self, piece: bytes) -> bool:
        """Whether this piece brings the terminal event."""
        if self._tail.endswith(b"\n") and b"[DONE]" not in piece and b"event:" not in piece:
            self._tail = piece[-_LONGEST:] or self._tail
            return False
        seen = self._tail + piece
        self._tail = seen[-_LONGEST:]
        return _TERMINAL.search(seen) is not None
