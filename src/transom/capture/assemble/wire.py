"""What every wire format can do: read a request, read a reply, and put a streamed reply together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from transom.capture.assemble.values import Body
from transom.capture.exchange import Message
from transom.types import Usage


class Chunk(NamedTuple):
    """One JSON object of a stream. `event` is its name where it has one."""

    event: str
    data: Body


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says. `finish_reasons` are the choices', in their order."""

    model: str | None = None
    id: str | None = None
    messages: list[Message] = []
    finish_reasons: list[str] = []
    usage: Usage | None = None
    service_tier: str | None = None


class Wire(NamedTuple):
    """A wire format.

    `ask` reads the messages of a request; `answer` reads a whole reply, given its request;
    `fold` makes of a stream's chunks the reply that an unstreamed call would have got.
    """

    ask: Callable[[Body], list[Message]]
    answer: Callable[[Body, Body], Answer]
    fold: Callable[[list[Chunk]], Body]


def last(chunks: list[Chunk]) -> Body:
    """The fold of a format whose last object is the whole reply."""
    return chunks[-1].data if chunks else {}
