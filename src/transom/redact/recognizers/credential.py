"""Credentials where protocols and commands put them: headers, cookies, URLs, webhooks, options of `curl`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.secrecy import is_stand_in
from transom.redact.text import ascii_lower, has_digit, occurrences

_AUTHORIZATION = re.compile(
    r"authorization[\"'`\]]{0,2}\s{0,2}[:=]\s{0,2}[\"'`]?"
    r"(?:(?:digest|aws4-hmac-sha256|signature|oauth|hawk) (?P<line>[^\r\n\ufffc]{4,2000})"
    r"|(?:[\w-]{2,20} {1,4})?(?P<value>[^\s\"'`,;<>{}$()\ufffc]{6,4000}))",
    re.IGNORECASE,
)
"""RFC 9110 §11: one word after the scheme, or a line of parameters."""
_SCHEME = re.compile(r"(?:bearer|basic|token|ssws|apikey|bot)\s{1,4}([A-Za-z0-9._~+/=:-]{8,4000})", re.IGNORECASE)
_COOKIE = re.compile(r"cookie[\"']?\s{0,2}:\s{0,2}[\"']?([\w.-]{1,64}=[^\r\n\"'\ufffc]{4,4000})", re.IGNORECASE)
_USERINFO = re.compile(r"://([^\s/?#@:\"'<>\ufffc]{0,128}:[^\s/?#@\"'<>\ufffc]{1,256})@")
_USERINFO_ODD = re.compile(
    r"://([^\s/?#@:\"'<>\ufffc]{0,128}:(?![0-9]{1,5}[/?#])[^\s\"'<>\ufffc]{1,128})@[\w.-]{1,128}(?::\d|[/?,])"
)
"""A password with `/`, `?`, `#` or `@` in it that should have been percent-encoded."""
_HOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks|hooks\.zapier\.com/hooks"
    r"|webhook\.office\.com/webhookb2|outlook\.office\.com/webhook|chat\.googleapis\.com/v1/spaces|maker\.ifttt\.com"
    r"|open\.feishu\.cn/open-apis/bot|qyapi\.weixin\.qq\.com/cgi-bin/webhook)/([^\s\"'<>)\ufffc]{12,600})"
)
_OPTION = re.compile(
    r"(?:curl|wget|http)\b[^\n\ufffc]{0,300}?\s(?:-u|--user|--proxy-user|-a|--auth)[ =]{1,2}[\"']?"
    r"(?!https?:)([^\s:\"'\ufffc]{1,64}:[^\s\"'\ufffc]{1,128})"
    r"|(?:sshpass|mysql|mysqldump|mongo|mongosh|docker login|podman login|redis-cli|7z|unzip|zip)\b[^\n\ufffc]{0,200}?"
    r"\s-[pPa] ?[\"']?(?![\s-])([^\s\"'\ufffc]{4,128})"
)
_PAIR = re.compile(r"auth\s?=\s?\([\"'][^\"'\n\ufffc]{1,64}[\"'],\s?[\"']([^\"'\n\ufffc]{4,128})[\"']\)")
"""As requests and httpx take it."""
_COMMANDS = (
    "curl ",
    "wget ",
    "sshpass",
    "mysql",
    "mongo",
    "docker login",
    "podman login",
    "redis-cli",
    "unzip ",
    "zip ",
)


def find(text: str) -> Iterator[Finding]:
    """The credentials without what announces them."""
    lowered = ascii_lower(text)
    for at in occurrences(lowered, ("authorization",)):
        if (match := _AUTHORIZATION.match(text, at)) and _is_credential(match):
            yield from _groups(match, 0.9)
    for at in occurrences(lowered, ("bearer ", "basic ", "token ", "ssws ", "apikey ", "bot ")):
        match = _SCHEME.match(text, at)
        if match and not text[at - 1 : at].isalnum() and _is_token(match.group(1)):
            yield from _groups(match, 0.9)
    for at in occurrences(lowered, ("cookie",)):
        if match := _COOKIE.match(text, at):
            yield from _groups(match, 0.9)
    for at in occurrences(text, ("auth=(", "auth = (")):
        if match := _PAIR.match(text, at):
            yield from _groups(match, 0.8)
    if "://" in text:
        yield from _find_in_urls(text)
    for at in occurrences(text, _COMMANDS):
        if match := _OPTION.match(text, at):
            yield from _groups(match, 0.8)


def _find_in_urls(text: str) -> Iterator[Finding]:
    for at in occurrences(text, ("://",)):
        if match := _USERINFO_ODD.match(text, at) or _USERINFO.match(text, at):
            yield from _groups(match, 0.95)
    for match in _HOOK.finditer(text):
        yield from _groups(match, 0.9)


def _is_credential(match: re.Match[str]) -> bool:
    """Not the word after `Authorization:` in a sentence or a template."""
    value = match["value"]
    return value is None or ((has_digit(value) or len(value) >= 20) and not is_stand_in(value))


def _is_token(value: str) -> bool:
    return has_digit(value) or value.endswith("=")


def _groups(match: re.Match[str], score: float) -> Iterator[Finding]:
    for index in range(1, len(match.groups()) + 1):
        if match.group(index) is not None:
            yield Finding(match.start(index), match.end(index), "SECRET", score)


CREDENTIAL = Recognizer("credential", ("SECRET",), find)
