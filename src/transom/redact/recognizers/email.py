"""E-mail addresses: from each `@`, a bounded look to the left and to the right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import ascii_lower, occurrences

_SPELT_AT = re.compile(r"\s?[\[({]\s?at\s?[\])}]\s?", re.IGNORECASE)
_LOCAL = re.compile(r"[\w.+%'’-]{1,64}\Z")
_LOCAL_CHARS = 64
_DOT = r"(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)"
_DOMAIN = re.compile(
    rf"(?:[^\W_][\w-]{{0,62}}{_DOT}){{1,8}}(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,24}})"
    r"|\[?(?:\d{1,3}\.){3}\d{1,3}\]?",
    re.IGNORECASE,
)
_NOT_A_PERSON = frozenset({"git"})
"""`git@github.com` is how repositories are addressed."""


def find(text: str) -> Iterator[Finding]:
    """Addresses with a dotted domain, an IPv4 one, percent-encoded, or with `[at]` and `[dot]`."""
    for start, end in _ats(text):
        domain = _DOMAIN.match(text, end)
        local = _LOCAL.search(text[max(0, start - _LOCAL_CHARS) : start]) if domain else None
        if local and domain:
            name = local.group().lstrip(".+%'’-")
            if name and name not in _NOT_A_PERSON:
                yield Finding(start - len(name), domain.end(), "EMAIL_ADDRESS", 1.0)


def _ats(text: str) -> Iterator[tuple[int, int]]:
    for at in occurrences(text, ("@",)):
        yield at, at + 1
    for at in occurrences(text, ("%40",)):
        yield at, at + 3
    lowered = ascii_lower(text)
    if any(spelt in lowered for spelt in ("at]", "at)", "at}", "at ]", "at )", "at }")):
        for match in _SPELT_AT.finditer(text):
            yield match.span()


EMAIL = Recognizer("email", ("EMAIL_ADDRESS",), find)
