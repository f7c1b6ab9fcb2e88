"""IP addresses that aren't this machine's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from transom.redact.finding import Finding, Recognizer

_V4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.\w|-[0-9])")
_NAME_BEFORE = re.compile(r"[\w.-]\Z")
_NETWORK = re.compile(r"\.0/[0-9]{1,2}(?![0-9])")
_VERSION = re.compile(
    r"(?:version|release|ver\.?|build|firmware|[=~^<>!]=|[a-z]/|\bsection|\b§|\bchapter|\bclause|\bstep|\bOID)"
    r"[\s\"':=]{0,4}\Z|\bv\.?\s?\Z",
    re.IGNORECASE,
)

_MIDDLE = re.compile(r":[0-9A-Fa-f]{0,4}:")
"""Every IPv6 address has it, and few other things."""
_GROUP_BEFORE = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}\Z")
_V6 = re.compile(r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,39}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?![\w:])")


def find(text: str) -> Iterator[Finding]:
    """IPv4 but versions, networks and masks; IPv6 in full, or short with three groups or more."""
    if text.count(".") >= 3:
        yield from _find_v4(text)
    if text.count(":") >= 2:
        yield from _find_v6(text)


def _find_v4(text: str) -> Iterator[Finding]:
    for match in _V4.finditer(text):
        before = text[max(0, match.start() - 16) : match.start()]
        if _NAME_BEFORE.search(before) or _VERSION.search(before):
            continue
        try:
            address = IPv4Address(match.group())
        except AddressValueError:  # a leading zero, or no byte
            continue
        if not _is_nobodys(address) and not _NETWORK.match(text, match.end() - 2):
            yield Finding(match.start(), match.end(), "IP_ADDRESS", 0.95)


def _is_nobodys(address: IPv4Address) -> bool:
    """This machine's, its link's, a mask."""
    return address.is_loopback or address.is_unspecified or address.is_link_local or int(address) >> 24 == 255


def _find_v6(text: str) -> Iterator[Finding]:
    end = 0
    for middle in _MIDDLE.finditer(text):
        offset = max(0, middle.start() - 5)
        before = _GROUP_BEFORE.search(text[offset : middle.start()]) if middle.start() >= end else None
        match = _V6.match(text, offset + before.start()) if before else None
        if match:
            end = match.end()
            if _is_telling(match.group()):
                yield Finding(match.start(), match.end(), "IP_ADDRESS", 0.95)


def _is_telling(value: str) -> bool:
    """An address of three groups or more, with a digit."""
    if sum(map(bool, value.split(":"))) < 3 or not any(char.isdigit() for char in value):
        return False
    try:
        return not IPv6Address(value).is_loopback
    except AddressValueError:
        return False


IP = Recognizer("ip", ("IP_ADDRESS",), find)
