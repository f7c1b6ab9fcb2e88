"""Where a base_url leads."""

from __future__ import annotations

import pytest

from transom.gateway.upstream.origin import Origin, parse_origin


@pytest.mark.parametrize(
    ("base_url", "origin", "authority"),
    [
        ("https://api.test", Origin("https", "api.test", 443, ""), b"api.test"),
        ("http://api.test:8080/openai/", Origin("http", "api.test", 8080, "/openai"), b"api.test:8080"),
        ("http://[::1]:80", Origin("http", "::1", 80, ""), b"[::1]"),
        ("https://[::1]:80", Origin("https", "::1", 80, ""), b"[::1]:80"),
        ("https://bücher.test", Origin("https", "xn--bcher-kva.test", 443, ""), b"xn--bcher-kva.test"),
        ("unix:/run/x.sock", Origin("unix", "/run/x.sock", 0, ""), b"localhost"),
    ],
)
def test_an_origin_and_its_host_header(base_url: str, origin: Origin, authority: bytes):
    assert parse_origin(base_url) == origin
    assert origin.authority == authority


def test_a_tunnel_names_the_port_always():
    assert parse_origin("https://api.test").host_and_port == b"api.test:443"
    assert parse_origin("http://[::1]").host_and_port == b"[::1]:80"
