"""Where a text names a secret: `password`, `API_KEY`, `verification code`, `пароль`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from transom.redact.text import ascii_lower, occurrences


class Kind(Enum):
    """What a name promises, and so how much its value must look the part."""

    PASSWORD = "password"  # noqa: S105
    PASS = "pass"  # noqa: S105
    """Short for a password, but a word of its own too."""
    SECRET = "secret"  # noqa: S105
    KEY = "key"
    """Or a token: most of them name records and positions."""
    CODE = "code"


class Name(NamedTuple):
    """The name of a secret at `start..end`."""

    kind: Kind
    start: int
    end: int


_CUES = {
    Kind.PASSWORD: (
        "password", "passwd", "passphrase", "passcode", "passwort", "pwd", "mot de passe", "senha", "wachtwoord",
        "parola",
    ),
    Kind.PASS: ("pass", "pw"),
    Kind.SECRET: ("secret", "credential"),
    Kind.KEY: ("key", "token"),
    Kind.CODE: ("pin", "otp", "cvv", "cvc", "code"),
}  # fmt: skip

_FOREIGN_CUES = {
    Kind.PASSWORD: (
        "contraseña", "Contraseña", "пароль", "Пароль", "密码", "パスワード", "পাসওয়ার্ড", "पासवर्ड", "كلمة المرور",
    ),
    Kind.CODE: ("পিন", "ওটিপি", "ओटीपी"),
}  # fmt: skip

_SECRET_BEFORE = (
    "api", "access", "private", "account", "encryption", "auth", "master", "signing", "service", "storage",
    "subscription", "webhook", "admin", "deploy", "client", "shared", "session", "refresh", "bot", "bearer", "security",
    "csrf", "xsrf", "personal", "jwt", "license", "licence", "function", "vault", "recovery", "root", "secret",
    "integration", "ingest", "publish", "push", "device",
)  # fmt: skip
_RECORD_BEFORE = (
    "public", "primary", "foreign", "cache", "sort", "partition", "object", "idempotency", "message", "group", "row",
    "hash", "page", "next", "previous", "continuation", "sync", "cancel", "prompt", "completion", "stop",
)  # fmt: skip
_CODE_BEFORE = (
    "verification", "security", "confirmation", "one-time", "one time", "login", "log-in", "sign-in", "signin",
    "authentication", "2fa", "mfa", "otp", "sms", "access", "recovery", "backup", "unlock", "door", "gate", "alarm",
    "safe", "activation",
)  # fmt: skip
_BEFORE_CHARS = 24
_AFTER = re.compile(
    r"(?:[ _-]?(?:access[ _-]?key|key|code|number|no\.?|confirm(?:ation)?)|[ _-]word)?(?:s|\(s\))?[0-9]?(?![^\W_])",
    re.IGNORECASE,
)


def names(text: str) -> Iterator[Name]:
    """Each name once, as a word or as the end of an identifier, kind by kind."""
    yield from _names(text, ascii_lower(text), _CUES)
    if not text.isascii():
        yield from _names(text, text, _FOREIGN_CUES)


def _names(text: str, lowered: str, all_cues: dict[Kind, tuple[str, ...]]) -> Iterator[Name]:
    for kind, cues in all_cues.items():
        for cue in cues:
            for at in occurrences(lowered, (cue,)):
                after = _AFTER.match(text, at + len(cue))
                refined = _refine(kind, cue, lowered[max(0, at - _BEFORE_CHARS) : at]) if after else None
                if after and refined:
                    yield Name(refined, at, after.end())


def _refine(kind: Kind, cue: str, before: str) -> Kind | None:
    """What the words before a cue make of it; None where it is a part of another word, or no secret's."""
    if kind in {Kind.CODE, Kind.PASS} and cue != "code":
        return None if before[-1:].isalpha() else kind
    if kind in {Kind.PASSWORD, Kind.SECRET}:
        return None if before.endswith(":") else kind  # a part of a resource's name
    words = before.rstrip(" _-")
    if cue == "code":
        return kind if words.endswith(_CODE_BEFORE) else None
    if words.endswith(_RECORD_BEFORE):
        return None
    return Kind.SECRET if words.endswith(_SECRET_BEFORE) else kind
