"""IP addresses that aren't this machine's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from transom.redact.finding import Finding, Recognizer

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_V4 = re.compile(rf"(?<![\w.-])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\w|-\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_VERSION = re.compile(r"(?:version|release|ver\.?|build|[=~^<>]=|\bv)[\s\"':=]{0,4}\Z", re.IGNORECASE)


def find(text: str) -> Iterator[Finding]:
    """IPv4 but versions, loopback and masks; IPv6 in full, or short with three groups or more."""
    if text.count(".") >= 3:
        yield from _find_v4(text)
    if text.count(":") >= 2:
        yield from _find_v6(text)


def _find_v4(text: str) -> Iterator[Finding]:
    for match in _V4.finditer(text):
        try:
            address = IPv4Address(match.group())
        except AddressValueError:  # a leading zero
            continue
        nobodys = address.is_loopback or address.is_unspecified or int(address) >> 24 == 255
        if not nobodys and not _VERSION.search(text[max(0, match.start() - 16) : match.start()]):
            yield Finding(match.start(), match.end(), "IP_ADDRESS", 0.95)


def _find_v6(text: str) -> Iterator[Finding]:
    for match in _V6.finditer(text):
        value = match.group()
        groups = [group for group in value.split(":") if group]
        if len(groups) >= 3 and any(char.isdigit() for char in value) and _is_v6(value):
            yield Finding(match.start(), match.end(), "IP_ADDRESS", 0.95)


def _is_v6(value: str) -> bool:
    try:
        IPv6Address(value)
    except AddressValueError:
        return False
    return True


IP = Recognizer("ip", ("IP_ADDRESS",), find)
