"""URLs with a scheme, or that begin with `www.`: a scheme-less `foo.bar` is usually code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}\Z")
_BODY = re.compile(r"[^\s\"'<>`\\{}|^\])\ufffc]+")
_WWW = re.compile(r"(?<![\w./-])www\.[\w-]{1,63}\.", re.IGNORECASE)
_USERINFO = re.compile(r"[^/?#@]*@")
_LOCAL_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1)(?![\w.])", re.IGNORECASE)

REVEALING = 0.95
PLAIN = 0.6


def find(text: str) -> Iterator[Finding]:
    """Whole URLs. Those with credentials or a query score higher; a plain one to this machine is nobody's."""
    for start, host, end in _candidates(text):
        rest = text[host:end]
        if _USERINFO.match(rest) or "?" in rest:
            yield Finding(start, end, "URL", REVEALING)
        elif not _LOCAL_HOST.match(rest):
            yield Finding(start, end, "URL", PLAIN)


def _candidates(text: str) -> Iterator[tuple[int, int, int]]:
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.search(text[max(0, at - 20) : at])
        body = _BODY.match(text, at + 3)
        if scheme and body:
            yield at - len(scheme.group()), at + 3, at + 3 + _trimmed(body.group())
        at = text.find("://", body.end() if body else at + 3)
    for www in _WWW.finditer(text):
        if body := _BODY.match(text, www.start()):
            yield www.start(), www.start(), www.start() + _trimmed(body.group())


def _trimmed(body: str) -> int:
    """Its length without the punctuation of the sentence around it."""
    return len(body.rstrip(".,;:!?*_~"))


URL = Recognizer("url", ("URL",), find)
