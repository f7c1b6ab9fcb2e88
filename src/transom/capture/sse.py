"""Server-sent events (WHATWG HTML §9.2.6), read tolerantly: what a provider tore off is still an event."""

from __future__ import annotations

import codecs
from io import IncrementalNewlineDecoder
from typing import NamedTuple


class Event(NamedTuple):
    """One event. `name` is empty where the stream gave none; lines of data are joined by line feeds."""

    name: str
    data: str


class SseParser:
    """Takes a stream's bytes in pieces of any size and gives the events that each piece completes."""

    def __init__(self) -> None:
        utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._decoder = IncrementalNewlineDecoder(utf8, translate=True)
        self._rest = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[Event]:
        """The events that end in this piece."""
        lines = (self._rest + self._decoder.decode(piece)).split("\n")
        self._rest = lines.pop()
        return self._take(lines)

    def close(self) -> list[Event]:
        """What the end of the stream leaves: at most one event, perhaps a torn one."""
        lines = (self._rest + self._decoder.decode(b"", final=True)).split("\n")
        self._rest = ""
        return self._take([*lines, ""])

    def _take(self, lines: list[str]) -> list[Event]:
        events = []
        for line in lines:
            if line:
                self._field(line)
            else:
                if self._data:
                    events.append(Event(self._name, "\n".join(self._data)))
                self._name, self._data = "", []
        return events

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif name == "event":
            self._name = value.removeprefix(" ")


def parse(body: bytes) -> list[Event]:
    """All events of a whole body, a torn last one included."""
    parser = SseParser()
    return parser.feed(body) + parser.close()
