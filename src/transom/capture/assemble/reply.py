"""Bodies off the wire: decoded, then JSON, server-sent events or one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from transom.capture import sse
from transom.capture.assemble.values import Body, Unreadable, objects, parse_json
from transom.capture.assemble.wire import Chunk
from transom.capture.decode import decode
from transom.types import Json

_LINES = ("data:", "event:", ":", "id:", "retry:")


class Reply(NamedTuple):
    """A reply's object, or the chunks of its stream; neither if there was no body."""

    body: Body
    chunks: list[Chunk] | None = None


def read_request(body: bytes, headers: dict[str, str]) -> Body:
    """The object that a request carries, empty if it has no body. Raises Unreadable."""
    data = _decoded(body, headers)
    if not data.strip():
        return {}
    return _object(parse_json(data))


def read_reply(body: bytes, headers: dict[str, str]) -> Reply:
    """The reply. Content types are often wrong, so the body decides. Raises Unreadable."""
    data = _decoded(body, headers)
    if not data.strip():
        return Reply({})
    if "event-stream" in headers.get("content-type", "") and (chunks := _events(data)):
        return Reply({}, chunks)
    try:
        return Reply(_object(parse_json(data)))
    except Unreadable:
        chunks = _events(data) if _looks_like_sse(data) else list(_lines(data))
        if chunks:
            return Reply({}, chunks)
        raise


def _decoded(body: bytes, headers: dict[str, str]) -> bytes:
    decoded = decode(body, headers.get("content-encoding"))
    if decoded.problem:
        raise Unreadable(decoded.problem)
    return decoded.body


def _object(value: Json) -> Body:
    """An object, or the first of a list of them: some errors come so."""
    if isinstance(value, dict):
        return value
    if found := objects(value):
        return found[0]
    raise Unreadable


def _looks_like_sse(data: bytes) -> bool:
    return data[:16].decode(errors="replace").lstrip("\ufeff\r\n").startswith(_LINES)


def _events(data: bytes) -> list[Chunk]:
    """The events that hold JSON objects; `[DONE]` and a torn last one do not."""
    return [Chunk(event.name, value) for event in sse.parse(data) for value in _chunk(event.data)]


def _lines(data: bytes) -> Iterator[Chunk]:
    """One JSON object a line. The first must be one, or this is something else."""
    for number, line in enumerate(data.splitlines()):
        found = list(_chunk(line))
        if not found and number == 0:
            return
        yield from (Chunk("", value) for value in found)


def _chunk(data: bytes | str) -> Iterator[Body]:
    try:
        value = parse_json(data)
    except Unreadable:
        return
    if isinstance(value, dict):
        yield value
