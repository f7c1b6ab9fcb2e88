"""What is done to every string before anything looks at it, and what recognizers ask of it first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_UUID_CHARS = 36


def visible(text: str) -> str:
    r"""U+0000 and lone surrogates, which no database takes, as the visible text `\u0000`."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class _Folding(dict[int, str]):
    """One character for one character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _fold_character(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(char)
    if category in {"Zs", "Pd"}:
        return " " if category == "Zs" else "-"
    if "！" <= char <= "～":
        return chr(ord(char) - 0xFEE0)
    return char


_folding = _Folding()


def fold(text: str) -> str:
    """Digits of all scripts, spaces, dashes and full-width forms as ASCII; the length stays."""
    return text if text.isascii() else text.translate(_folding)


def ascii_lower(text: str) -> str:
    """Lower case, with `?` for each character that isn't ASCII: many times as fast to search; the length stays."""
    return (text if text.isascii() else text.encode("ascii", "replace").decode()).lower()


def occurrences(text: str, words: Iterable[str]) -> Iterator[int]:
    """Where the words begin, word by word. Many times as fast as a regular expression of them, where few occur."""
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + len(word))


def in_uuid(text: str, start: int, end: int) -> bool:
    """Whether a range lies in a UUID, whose digits look like those of phones and cards, in part at least."""
    before = max(0, start - _UUID_CHARS)
    return any(
        before + match.start() < end and before + match.end() > start
        for match in _UUID.finditer(text[before : end + _UUID_CHARS])
    )


def has_digit(text: str) -> bool:
    """Whether folded text holds a digit: most patterns need one."""
    return _DIGIT.search(text) is not None


_DIGIT = re.compile("[0-9]")
