"""URLs with a scheme, or that begin with `www.`: a scheme-less `foo.bar` is usually code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import occurrences

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}\Z")
_BODY = re.compile(r"[^\s\"'<>`\\{}|^\])\ufffc]+")
_WWW = re.compile(r"www\.[\w-]{1,63}\.", re.IGNORECASE)
_IN_A_NAME = re.compile(r"[\w./-]\Z")
_LOGIN = re.compile(r"[^\s\"'<>/\ufffc]{1,256}@(?=[\w\[])")
"""Passwords may hold any character, though most should be percent-encoded."""
_LOCAL_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1)(?![\w.])", re.IGNORECASE)
_QUERY = re.compile(r"[^?#]*(?:\?|#[^=]{1,64}=)")
"""Or what some sign-ins put into the fragment in its stead (RFC 6749 §4.2.2)."""
_PROFILE = re.compile(
    r"(?:[\w-]{1,32}\.)?(?:linkedin\.com/(?:in|pub)/|(?:youtube|tiktok|medium)\.com/@|t\.me/|wa\.me/|paypal\.me/|calendly\.com/"
    r"|(?:orcid\.org|keybase\.io|(?:facebook|instagram|twitter|threads|x|github|gitlab)\.com)/(?=@?[\w.-]{1,64}/?\Z))@?\w"
    r"|[^/?#]{1,253}/(?:[\w-]{1,32}/)?~\w",
    re.IGNORECASE,
)
"""A person's page: of a social network, or a home directory on a server."""

_VALUE_BEFORE = re.compile(r"[\"'`<=]\s?\Z|\]\(\Z|\[\Z|\A[ \t#-]{0,40}[a-z][\w.-]{0,60}:[ \t]{1,4}\Z")
"""Quotes, an attribute, Markdown's target, a key of YAML; `My site: …` is prose."""
_CODE_LINE = re.compile(r"\A[ \t]{0,40}(?:#|//|\$ |>>> |(?:deb|curl|wget|git|pip|npm|docker) )|[{}=]|->|\w\(")
_BEFORE_CHARS = 200

REVEALING = 0.95
PERSONAL = 0.8
PLAIN = 0.6
VALUE = 0.45


def find(text: str) -> Iterator[Finding]:
    """Whole URLs, scored by what they may tell of a person; a plain one to this machine is nobody's.

    Most with credentials or a query, less a profile's page, less what somebody mentions in a sentence, least what
    programs and their files are full of: a whole value, or a part of a line of code.
    """
    for start, host, end in _candidates(text):
        rest = text[host:end]
        if _LOGIN.match(rest) or _QUERY.match(rest):
            yield Finding(start, end, "URL", REVEALING)
        elif _PROFILE.match(rest):
            yield Finding(start, end, "URL", PERSONAL)
        elif not _LOCAL_HOST.match(rest):
            yield Finding(start, end, "URL", VALUE if _is_value(text, start, end) else PLAIN)


def _is_value(text: str, start: int, end: int) -> bool:
    """Whether a URL is all of a text or of a value in it, or stands in a line of code."""
    before = text[max(0, start - _BEFORE_CHARS) : start]
    if not before.strip() and not text[end : end + _BEFORE_CHARS].strip():
        return True
    line = before.rpartition("\n")[2]
    return _VALUE_BEFORE.search(line) is not None or _CODE_LINE.search(line) is not None


def _candidates(text: str) -> Iterator[tuple[int, int, int]]:
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.search(text[max(0, at - 20) : at])
        login = _LOGIN.match(text, at + 3)
        body = _BODY.match(text, login.end() if login else at + 3)
        if scheme and body:
            yield at - len(scheme.group()), at + 3, body.start() + _trimmed(body.group())
        at = text.find("://", body.end() if body else at + 3)
    for at in occurrences(text, ("www.", "WWW.", "Www.")):
        body = (
            _BODY.match(text, at) if _WWW.match(text, at) and not _IN_A_NAME.search(text[max(0, at - 1) : at]) else None
        )
        if body:
            yield at, at, at + _trimmed(body.group())


def _trimmed(body: str) -> int:
    """Its length without the punctuation of the sentence around it."""
    return len(body.rstrip(".,;:!?*_~"))


URL = Recognizer("url", ("URL",), find)
