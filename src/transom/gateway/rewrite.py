"""Changes to one member of a JSON object that leave every other byte as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]

_decoder = json.JSONDecoder()
_SPACE = " \t\n\r"


def replace_member(body: bytes, name: str, value: str) -> bytes:
    """`body` with the string `value` as its top-level member `name`. Raises ValueError if `body` is no JSON object."""
    text = body.decode()
    for key, _, start, end in _members(text):
        if key == name:
            return (text[:start] + json.dumps(value) + text[end:]).encode()
    return body


def remove_member(body: bytes, name: str) -> bytes:
    """`body` without its top-level member `name`. Raises ValueError if `body` is no JSON object."""
    text = body.decode()
    members = list(_members(text))
    for i, (key, begin, _, end) in enumerate(members):
        if key == name and i + 1 < len(members):
            return (text[:begin] + text[members[i + 1][1] :]).encode()
        if key == name:
            before = members[i - 1][3] if i else begin
            return (text[:before] + text[end:]).encode()
    return body


def put_member(body: bytes, name: str, value: bytes) -> bytes:
    """`body` with the JSON `value` as its top-level member `name`: in place of the one it has, else as the last one.

    Raises ValueError if `body` is no JSON object or has that member twice.
    """
    text = body.decode()
    found = [(start, end) for key, _, start, end in _members(text) if key == name]
    if not found:
        return append_member(body, name, value)
    ((start, end),) = found
    return text[:start].encode() + value + text[end:].encode()


def append_member(body: bytes, name: str, value: bytes) -> bytes:
    """`body`, which is a JSON object without a member `name`, with the JSON `value` as that. It isn't checked."""
    end = body.rindex(b"}")
    comma = b"" if body[:end].rstrip().endswith(b"{") else b","
    return b'%b%b"%b":%b%b' % (body[:end], comma, name.encode(), value, body[end:])


def member_names(body: bytes) -> list[str]:
    """The names of the top-level members, in their order. Raises ValueError if `body` is no JSON object."""
    return [name for name, *_ in _members(body.decode())]


def _members(text: str) -> Iterator[tuple[str, int, int, int]]:
    """(name, where the name begins, where the value begins, where it ends) of each top-level member."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not a JSON object")
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        begin = at
        name, at = scanstring(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        value = at
        _, at = _decoder.raw_decode(text, at)
        yield name, begin, value, at
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            return
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at
