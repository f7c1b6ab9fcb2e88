"""Reading JSON whose shape nobody promised: each reader gives the value if it is of that kind, else nothing."""

from __future__ import annotations

import json

import msgspec

from transom.types import Json

Body = dict[str, Json]
"""A JSON object."""

_LARGEST_COUNT = 10**12


class Unreadable(ValueError):
    """Bytes that are not the JSON they should be."""


def parse_json(data: bytes | str) -> Json:
    """A JSON value. Raises Unreadable.

    msgspec reads nearly everything; the standard library takes what it refuses: lone surrogates, NaN, damaged UTF-8.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        return json.loads(data.decode(errors="replace") if isinstance(data, bytes) else data)
    except (ValueError, RecursionError):
        raise Unreadable from None


def json_or_text(value: Json) -> Json:
    """What a string holds if it is valid JSON, else the value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except Unreadable:
        return value


def text(value: Json) -> str | None:
    """A string that isn't empty."""
    return value if isinstance(value, str) and value else None


def word(value: Json) -> str | None:
    """A name of the protocol's: a short string."""
    return value[:128] if isinstance(value, str) and value else None


def mapping(value: Json) -> Body:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Json]:
    """An array, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[Body]:
    """The objects of an array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(value: Json) -> int | None:
    """A number of tokens: a whole number of at least 0 (some providers write it as a float)."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_COUNT:
        return value
    return None
