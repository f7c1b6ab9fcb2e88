"""Whether a value looks like a secret, or like the words, types and expressions that stand in its place."""

from __future__ import annotations

import re

from transom.redact.text import has_digit

_LETTER = re.compile(r"[^\W\d_]")
_SIGN = re.compile(r"[0-9!@#$%^&*?~+]")
_SWITCH = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_CHUNK = re.compile(r"[A-Za-z0-9+/]{12,}")
_WORD = re.compile("[a-z]{7}")
_LONG_CHUNK = re.compile(r"[A-Za-z0-9]{20,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,128}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SWITCHES = 3
_READ = 96
"""Characters that tell; values may be as long as a text."""
_TEMPLATE = re.compile(
    r"\$[{(]|[$@&][A-Za-z_.]+\Z|%\w{0,40}%?\Z|%[({]|[<{\[(]|\.{2}|\\|[*•x_-]{3,}\Z|[\w$.]+[(\[{]|[A-Za-z_]\w*\.[A-Za-z_][\w.]*\Z"
)
"""What begins like a variable, a call, a tag or a mask, or is an attribute."""
_PATH = ("/", "./", "~/", "../")
_STAND_IN = re.compile(
    r"your|example|placeholder|change_?me|insert|dummy|redacted|masked|hidden|environ|config|settings|request"
    r"|response|params|input|value|field|x{4}|sample|fake"
)
# fmt: off
_WORDS = frozenset({
    "none", "null", "nil", "true", "false", "str", "string", "int", "integer", "bytes", "bool", "boolean",
    "number", "object", "any", "undefined", "unknown", "void", "self", "char", "varchar", "text", "secretstr",
    "optional", "required", "empty", "blank", "test", "default", "password", "passwd", "pwd", "secret", "token",
    "key", "incorrect", "invalid", "wrong", "expired", "missing", "correct", "valid", "strong", "weak",
    "secure", "protected", "encrypted", "hashed", "reset", "changed", "forgot", "confirm", "new", "old",
    "current", "show", "hide", "login", "username", "email", "admin", "user", "that", "this", "what", "which",
    "the", "and", "not", "must", "should", "will", "cannot", "has", "have", "too", "short", "long", "same",
    "stored", "shared", "never", "always", "only", "either", "also", "please", "see", "below", "above", "here",
    "there", "set", "sent", "given", "provided", "used", "using", "needed", "rotated", "plain", "plaintext",
    "basic", "bearer", "oauth", "jwt", "process", "import", "const", "await", "async", "return", "function",
    "class",
})
# fmt: on


def is_stand_in(value: str) -> bool:
    """A type, a state, a template, an expression: what code and forms have where a secret would be."""
    lowered = value[:_READ].lower()
    if lowered in _WORDS or _TEMPLATE.match(value) or _STAND_IN.search(lowered):
        return True
    return value.startswith(_PATH) and not is_random(value)


def is_mixed(value: str) -> bool:
    """Letters, and digits or signs among them: words aren't."""
    return _LETTER.search(value) is not None and _SIGN.search(value) is not None


def is_random(value: str) -> bool:
    """Characters in a row that change between letters and digits, or cases and digits, as no name does; no UUIDs."""
    if _UUID.fullmatch(value):
        return False
    head = value[:_READ]
    if _HEXADECIMAL.fullmatch(value) or any(map(_is_motley, _LONG_CHUNK.findall(head))):
        return True
    return any(sum(1 for _ in _SWITCH.finditer(chunk)) >= _SWITCHES for chunk in _CHUNK.findall(head))


def is_jumbled(value: str) -> bool:
    """Both cases, and no word."""
    return not value.islower() and not value.isupper() and not _WORD.search(value[:_READ])


def _is_motley(chunk: str) -> bool:
    return has_digit(chunk) and is_jumbled(chunk)
