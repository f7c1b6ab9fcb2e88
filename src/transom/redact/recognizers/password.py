"""Secrets that a name gives away: `DB_PASSWORD=…`, `"apiKey": "…"`, `the password for the wiki is …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.secrecy import is_jumbled, is_mixed, is_random, is_stand_in
from transom.redact.recognizers.secret_names import Kind, Name, names
from transom.redact.text import has_digit


class _Link(Enum):
    """What stands between a name and its value."""

    ASSIGNED = re.compile(
        r"[\"'`*_\])\\]{0,4}\s{0,3}(?::=|=>|->|=|%3[Dd]|[:|>])(?!=)[*_]{0,2}\s{0,3}\\{0,3}"
        r"|[\"']\s{1,2}value=|\"\]\s{0,2}=\s{0,2}"
    )
    SAID = re.compile(
        r"(?:(?:[ \n]\(?(?!is |was )[\w'’@./-]{1,30}\)?){0,6}?"
        r"(?:[ \n]{1,2}(?:is|was|are|be|to|as|ist|lautet|est|es|è|é|হলো|হচ্ছে|है)|\s?:(?=\s)| -(?= ))|['’]s)"
        r"(?: (?:now|set to|changed to|just|still|currently|going to be))?\s{0,2}[:=]?\s{1,3}",
        re.IGNORECASE,
    )
    APPOSED = re.compile(r",? ?[ (\n]")


class _Value(NamedTuple):
    """A value at `start`, without quotes, and without the marks and points around a bare one."""

    start: int
    text: str
    quoted: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_QUOTED = re.compile(r"(\"\"\"|'''|[\"'`])((?:(?!\1)[^\n\ufffc]){3,2048})\1|[“‘«„]([^\n“”’»\ufffc]{3,128})[“”’»]")
_BARE = re.compile(r"[^\s\"'`“”‘’,;<>\ufffc]{3,8192}")
_NEXT_FIELD = re.compile(r"&[\w.%-]{1,64}=")
_SHOUTED = re.compile(r"(?:\A|[\s;&|])[A-Z][A-Z0-9_]{0,60}\Z")
_LABEL = re.compile(r"[:|][*_]{0,2} +[*_]{0,2}\Z")
_SIGN = re.compile("[!@#$%^&*?~+]")
_SPACE = re.compile(r"\s")
_CODE_VALUE = re.compile(r"[0-9](?:[ -]?[0-9]){2,9}")

_REVERSED = re.compile(
    r"(?<![^\s\"'`“(:])([^\s\"'`“”<>\ufffc]{4,64})[\"'`”]? (?:(?:is|as|for) |\()(?:the|my|our|your|his|her|a)"
    r" (?:[\w-]{1,20} ){0,3}\Z"
)
_REVERSED_CHARS = 140

_SCORE = 0.75


def find(text: str) -> Iterator[Finding]:
    """Values that come after a name, or before it as in `use … as the password`.

    A name within the value of one of its kind isn't read again: `key=key=key=…` would take the square of its length.
    """
    read_to: dict[Kind, int] = {}
    for name in sorted(names(text), key=lambda name: name.start):
        if name.start < read_to.get(name.kind, 0):
            continue
        link, value = _after(text, name)
        if value:
            read_to[name.kind] = value.end
        if link is None or value is None or not _is_secret(text, name, link, value) or is_stand_in(value.text):
            value = _before(text, name)
        if value:
            yield Finding(value.start, value.end, "SECRET", _SCORE)


def names_secret(key: str) -> bool:
    """Whether a key of JSON ends in the name of a secret, as `AZURE_STORAGE_KEY`."""
    return any(name.end == len(key) for name in names(key))


def is_secret_of(key: str, value: str) -> bool:
    """Whether the whole value is what would be found if it were assigned to the key."""
    return any(found.end - found.start == len(value) for found in find(f'{key}: "{value}"'))


def _after(text: str, name: Name) -> tuple[_Link | None, _Value | None]:
    in_query = not text[name.start : name.end].isupper()
    for link in _Link:
        if match := link.value.match(text, name.end):
            return link, _read(text, match.end(), in_query=in_query)
    return None, None


def _read(text: str, at: int, *, in_query: bool) -> _Value | None:
    if quoted := _QUOTED.match(text, at):
        group = 2 if quoted[2] else 3
        return _Value(quoted.start(group), quoted[group].rstrip("\\"), quoted=True)
    bare = _BARE.match(text, at)
    if bare is None:
        return None
    value = bare.group().lstrip("*_")
    start = bare.end() - len(value)
    if in_query and text[at - 1] == "=":
        value = _NEXT_FIELD.split(value, 1)[0]
    return _Value(start, value.rstrip(".:!?)]}*_|\\"), quoted=False)


def _is_secret(text: str, name: Name, link: _Link, value: _Value) -> bool:
    if name.kind is Kind.CODE:
        least = 4 if link is _Link.APPOSED else 3
        return _CODE_VALUE.fullmatch(value.text) is not None and len(value.text) >= least
    if _SPACE.search(value.text):
        return False
    if name.kind is Kind.KEY:
        return len(value.text) >= 16 and is_random(value.text)
    if link is _Link.APPOSED:
        return _is_apposed_secret(name.kind, value.text)
    if name.kind is Kind.SECRET:
        told = is_mixed(value.text) and has_digit(value.text)
        return len(value.text) >= 8 and (told or (len(value.text) >= 20 and is_jumbled(value.text)))
    if value.text.isdigit():
        return len(value.text) >= (4 if name.kind is Kind.PASSWORD else 6)
    if is_mixed(value.text):
        return len(value.text) >= 4
    if name.kind is Kind.PASS or len(value.text) < 4:
        return False
    return value.quoted or (link is _Link.ASSIGNED and _stands_alone(text, name, value))


def _is_apposed_secret(kind: Kind, value: str) -> bool:
    """Where nothing but a space is between a name and a value, the value must tell."""
    if kind is Kind.SECRET:
        return len(value) >= 12 and is_random(value)
    if kind is Kind.PASSWORD and value.isdigit():
        return len(value) >= 6
    return len(value) >= 6 and is_mixed(value) and has_digit(value) and (kind is Kind.PASSWORD or _has_sign(value))


def _has_sign(value: str) -> bool:
    return _SIGN.search(value) is not None


def _stands_alone(text: str, name: Name, value: _Value) -> bool:
    """Whether a mere word is a value: in a connection string, an environment file, or alone on a labelled line."""
    after = text[value.end : value.end + 1]
    if text[value.start - 1] == "=" and text[name.start - 1 : name.start] == ";" and after in {"", ";", '"', "'"}:
        return True
    if text[value.start - 1] == "=" and text[name.start : name.end].isupper():
        return _SHOUTED.search(text[max(0, name.start - 64) : name.end]) is not None
    labelled = value.text.isalpha() and _LABEL.search(text[name.end : value.start]) is not None
    return labelled and after in {"", "\n", "\r", "."}


def _before(text: str, name: Name) -> _Value | None:
    if name.kind is Kind.KEY:
        return None
    offset = max(0, name.start - _REVERSED_CHARS)
    match = _REVERSED.search(text[offset : name.start])
    if match is None:
        return None
    value = match[1].rstrip(",.:;!?")
    number = _CODE_VALUE.fullmatch(value) is not None
    fits = number if name.kind is Kind.CODE else number or (is_mixed(value) and not is_stand_in(value))
    return _Value(offset + match.start(1), value, quoted=False) if fits else None


PASSWORD = Recognizer("password", ("SECRET",), find)
