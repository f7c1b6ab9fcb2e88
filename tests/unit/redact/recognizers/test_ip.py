"""IP addresses and version numbers."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.ip import IP


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("from 203.0.113.7:443", ["203.0.113.7"]),
        ("10.0.0.17/24", ["10.0.0.17"]),
        ("v=216.144.15.156", ["216.144.15.156"]),
        ("host 10.1.2.3.", ["10.1.2.3"]),
        ("2001:db8:85a3:0:0:8a2e:370:7334", ["2001:db8:85a3:0:0:8a2e:370:7334"]),
        ("[2001:db8::ff00:42:8329]:80", ["2001:db8::ff00:42:8329"]),
        ("fe80::1ff:fe23:4567:890a%eth0", ["fe80::1ff:fe23:4567:890a"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(IP, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4",
        "v1.2.3.4",
        "pkg==1.2.3.4",
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.0",
        "10.0.0.0/8",
        "169.254.169.254",
        "Chrome/120.0.0.0",
        "::1",
        "12:30:45",
        "aa:bb:cc:dd:ee:ff",
        "std::vector::a",
        "1.2.3",
        "1.2.3.4.5",
        "999.1.1.1",
        "01.02.03.04",
        "dead::beef",
    ],
)
def test_leaves(taken, text):
    assert taken(IP, text) == []
