"""Which proxy an environment chooses for a provider."""

from __future__ import annotations

import pytest

from transom.config import ConfigError
from transom.gateway.upstream.origin import parse_origin
from transom.gateway.upstream.proxies import Proxies

PROXY = "http://proxy.test:3128"


def host_of_proxy(environ: dict[str, str], base_url: str) -> str | None:
    proxy = Proxies(environ).of(parse_origin(base_url))
    return proxy.host if proxy else None


@pytest.mark.parametrize(
    ("environ", "base_url", "expected"),
    [
        ({}, "https://api.test", None),
        ({"HTTPS_PROXY": PROXY}, "https://api.test", "proxy.test"),
        ({"HTTPS_PROXY": PROXY}, "http://api.test", None),
        ({"HTTP_PROXY": PROXY}, "http://api.test", "proxy.test"),
        ({"ALL_PROXY": PROXY}, "http://api.test", "proxy.test"),
        ({"ALL_PROXY": PROXY, "https_proxy": "http://own.test"}, "https://api.test", "own.test"),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://small.test"}, "https://api.test", "small.test"),
        ({"HTTPS_PROXY": PROXY, "https_proxy": ""}, "https://api.test", None),
        ({"https_proxy": "proxy.test:3128"}, "https://api.test", "proxy.test"),
        ({"ALL_PROXY": PROXY}, "unix:/run/x.sock", None),
    ],
)
def test_the_scheme_chooses_the_variable(environ: dict[str, str], base_url: str, expected: str | None):
    assert host_of_proxy(environ, base_url) == expected


@pytest.mark.parametrize("host", ["localhost", "models.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_loopback_is_never_proxied(host: str):
    assert host_of_proxy({"ALL_PROXY": PROXY}, f"http://{host}:11434") is None


@pytest.mark.parametrize(
    ("no_proxy", "base_url", "direct"),
    [
        ("*", "https://api.test", True),
        ("api.test", "https://api.test", True),
        ("API.test", "https://api.test", True),
        ("other.test, test", "https://api.test", True),
        (".api.test", "https://eu.api.test", True),
        ("*.api.test", "https://eu.api.test", True),
        ("pi.test", "https://api.test", False),
        ("api.test.example", "https://api.test", False),
        ("api.test:8443", "https://api.test:8443", True),
        ("api.test:8443", "https://api.test", False),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("10.1.2.3:80", "http://10.1.2.3", True),
        ("fd00::/8", "http://[fd00::1]", True),
        ("[fd00::1]:81", "http://[fd00::1]:81", True),
        ("[fd00::1]:81", "http://[fd00::1]", False),
        (",", "https://api.test", False),
    ],
)
def test_no_proxy_names_what_is_reached_directly(no_proxy: str, base_url: str, direct: bool):
    found = host_of_proxy({"ALL_PROXY": PROXY, "NO_PROXY": no_proxy}, base_url)
    assert found == (None if direct else "proxy.test")


def test_user_and_password_go_to_the_proxy_and_are_never_shown():
    proxy = Proxies({"HTTPS_PROXY": "http://us%40er:pass%3Aword@proxy.test:3128"}).of(parse_origin("https://api.test"))
    assert proxy is not None
    assert proxy.authorization == b"Basic dXNAZXI6cGFzczp3b3Jk"
    assert "Basic" not in repr(proxy)
    assert proxy.connect_request(parse_origin("https://api.test")) == (
        b"CONNECT api.test:443 HTTP/1.1\r\nhost: api.test:443\r\n"
        b"proxy-authorization: Basic dXNAZXI6cGFzczp3b3Jk\r\n\r\n"
    )


def test_without_a_user_nothing_is_said_about_one():
    proxy = Proxies({"HTTPS_PROXY": PROXY}).of(parse_origin("https://[fd00::1]:8443"))
    assert proxy is not None
    assert proxy.connect_request(parse_origin("https://[fd00::1]:8443")) == (
        b"CONNECT [fd00::1]:8443 HTTP/1.1\r\nhost: [fd00::1]:8443\r\n\r\n"
    )


@pytest.mark.parametrize("url", ["socks5://us:secret@proxy.test", "http://", "http://secret@proxy.test:port"])
def test_a_proxy_that_cannot_be_used_is_an_error_that_names_the_variable_alone(url: str):
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as error:
        Proxies({"https_proxy": url})
    assert "secret" not in str(error.value)
