"""The words that all of the client's modules share."""

from __future__ import annotations

from dataclasses import dataclass

RawHeaders = list[tuple[bytes, bytes]]
"""Names and values, in the order and the case in which they came or go."""


class UpstreamError(Exception):
    """The provider could not be reached or broke HTTP. `code` is a fixed word: safe to log and to store."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Times in seconds; `connections` is the most that one origin gets."""

    connect_s: float
    first_byte_s: float
    between_bytes_s: float
    connections: int
