"""E-mail addresses: from each `@`, a bounded look to the left and to the right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_AT = re.compile(r"@|%40|\s?[\[({]\s?at\s?[\])}]\s?", re.IGNORECASE)
_LOCAL = re.compile(r"[\w.+%'’-]{1,64}\Z")
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
    for at in _AT.finditer(text):
        local = _LOCAL.search(text[max(0, at.start() - 64) : at.start()])
        domain = _DOMAIN.match(text, at.end())
        if local and domain:
            name = local.group().lstrip(".+%'’-")
            if name and name not in _NOT_A_PERSON:
                yield Finding(at.start() - len(name), domain.end(), "EMAIL_ADDRESS", 1.0)


EMAIL = Recognizer("email", ("EMAIL_ADDRESS",), find)
