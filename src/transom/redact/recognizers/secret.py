"""Credentials: keys by their issuers' prefixes, key blocks, `Bearer …`, credentials in URLs, `password is …`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit

_ISSUED = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"|[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"  # Stripe
    r"|A(?:KIA|SIA|GPA|IDA|ROA)[0-9A-Z]{16}"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{16,}|hf_[A-Za-z0-9]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}"  # Google
    r"|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{20,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_[a-f0-9]{40,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|\d{8,10}:AA[\w-]{32,}"
    r"|eyJ[\w-]{8,2000}\.[\w-]{4,}(?:\.[\w-]*){0,3}"  # JSON web tokens
    r")"
)
_BEARER = re.compile(r"\b(?:bearer|basic|token)\s{1,4}([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
_USERINFO = re.compile(r"://([^\s/?#@:\"'<>\ufffc]{0,128}:[^\s/?#@\"'<>\ufffc]{1,256})@")
_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BLOCK_BODY = re.compile(r"(?:\\[nr]|[A-Za-z0-9+/=\s:,-])*")
_MAX_BLOCK = 16_384

_NAMED = re.compile(
    r"(?<![A-Za-z])(?P<name>pass(?:word|code|wd|phrase)|pwd|secret(?:[ _-]?(?:access)?[ _-]?key)?"
    r"|(?:api|access|private|account|encryption|auth)[ _-]?key|(?:auth|access|refresh|session|bot)[ _-]?token|token"
    r"|client[ _-]?secret|credentials?|pin(?: ?code)?|otp|cvv|cvc)(?![A-Za-z])[\"']?"
    r"(?P<link>\s{0,3}(?::=|=>|->|[=:])\s{0,3}|\s{1,3}(?:is|was|to|are)\s{1,3}(?:now |set to |changed to )?|\s{1,2})"
    r"(?P<quote>[\"'`“‘]{0,2})(?P<value>[^\s\"'`“”‘’,;<>\ufffc]{3,256})",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"[!@#$%^&*?~+]")
_NO_SECRET = re.compile(
    r"(?:none|null|true|false|str(?:ing)?|int|bytes|undefined|required|optional|hidden|redacted|empty|test|example"
    r"|your[_-].*|my[_-].*|\*+|x{3,}|\.{3,}|\$.*|\{.*|<.*|%.*|os\.environ.*|process\.env.*|.*[(\[].*)",
    re.IGNORECASE,
)
_SHORT_NUMBERS = ("pin", "otp", "cv", "pass")


def find(text: str) -> Iterator[Finding]:
    """All of the above; what stands after a name must look like a secret, not like a word."""
    for match in _ISSUED.finditer(text):
        yield Finding(match.start(), match.end(), "SECRET", 1.0)
    yield from _find_blocks(text)
    for match in _BEARER.finditer(text):
        if has_digit(match.group(1)) or match.group(1).endswith("="):
            yield Finding(match.start(1), match.end(1), "SECRET", 0.9)
    for match in _USERINFO.finditer(text) if "://" in text else ():
        yield Finding(match.start(1), match.end(1), "SECRET", 0.95)
    for match in _NAMED.finditer(text):
        value = match["value"].rstrip(".:!?)]}")
        if _is_secret(match["name"].lower(), match["link"], bool(match["quote"]), value):
            yield Finding(match.start("value"), match.start("value") + len(value), "SECRET", 0.75)


def _find_blocks(text: str) -> Iterator[Finding]:
    """Private keys in PEM, to their end line or as far as they look like one."""
    at = 0
    while match := _BLOCK.search(text, at):
        end = text.find("-----END", match.end(), match.end() + _MAX_BLOCK)
        if end >= 0:
            line = text.find("-----", end + 8, end + 80)
            at = line + 5 if line >= 0 else end + 8
        else:
            body = _BLOCK_BODY.match(text, match.end(), match.end() + _MAX_BLOCK)
            at = body.end() if body else match.end()
        yield Finding(match.start(), at, "SECRET", 1.0)


def _is_secret(name: str, link: str, quoted: bool, value: str) -> bool:
    if len(value) < 3 or _NO_SECRET.fullmatch(value):
        return False
    if value.isdigit():
        return name.startswith(_SHORT_NUMBERS)
    mixed = has_digit(value) or _SYMBOL.search(value) is not None
    assigned = any(sign in link for sign in "=:")
    if not assigned:
        return mixed and len(value) >= 4 and (link.strip() != "" or has_digit(value))
    return len(value) >= 6 and (mixed or quoted)


SECRET = Recognizer("secret", ("SECRET",), find)
