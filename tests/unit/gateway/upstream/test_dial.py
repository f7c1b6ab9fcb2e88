"""How connections come about: addresses raced, TLS, proxies, Unix sockets."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.gateway.scripted import serving
from tests.unit.gateway.upstream.proxying import ProxyServer, proxying
from transom.gateway.upstream import Client, ClientLimits, UpstreamError, dial, parse_origin
from transom.gateway.upstream.dial import STAGGER_S, Address, Dialer, interleave, race
from transom.gateway.upstream.proxies import Proxies

QUICK = ClientLimits(connect_s=2, first_byte_s=5, between_bytes_s=5, connections=4)
NAMES = ["localhost", "provider.test"]


def issue(folder: Path) -> None:
    """A certificate for `localhost`, `provider.test` and 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    alternatives: list[x509.GeneralName] = [x509.DNSName(one) for one in NAMES]
    alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    issue(folder)
    return folder


@pytest.fixture
def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture
def trust(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says hello to each request of a connection."""
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass


@asynccontextmanager
async def client_of(trust: ssl.SSLContext | None, environ: dict[str, str] | None = None) -> AsyncIterator[Client]:
    client = Client(QUICK, trust, Proxies(environ or {}))
    try:
        yield client
    finally:
        await client.close()


async def fetch(client: Client, base_url: str) -> bytes:
    response = await client.request(parse_origin(base_url), b"GET", b"/x?y", [(b"a", b"b")], b"")
    body, last = b"", False
    while not last:
        piece, last = await response.read()
        body += piece
    response.close()
    return body


# ------------------------------------------------------------------ addresses


def test_families_take_turns_and_the_first_stays_first():
    v4, v6 = socket.AF_INET, socket.AF_INET6
    found: list[Address] = [(v6, 1), (v6, 2), (v6, 3), (v4, 4), (v4, 5)]
    assert [place for _, place in interleave(found)] == [1, 4, 2, 5, 3]
    assert interleave([]) == []


@contextmanager
def listening() -> Iterator[Address]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield socket.AF_INET, server.getsockname()


@contextmanager
def silent() -> Iterator[Address]:
    """An address that doesn't answer: the queue of its listener is full, so that Linux drops what else comes."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield socket.AF_INET, server.getsockname()


@pytest.fixture
def refusing() -> Address:
    with listening() as address:
        return address


async def test_an_address_that_refuses_leads_to_the_next_at_once(refusing: Address):
    with listening() as address:
        began = asyncio.get_running_loop().time()
        sock = await race([refusing, refusing, address])
        assert sock.getpeername() == address[1]
        assert asyncio.get_running_loop().time() - began < STAGGER_S
        sock.close()


async def test_an_address_that_stays_silent_leads_to_the_next_after_a_quarter_of_a_second():
    with silent() as dead, listening() as address:
        began = asyncio.get_running_loop().time()
        sock = await race([dead, address])
        assert sock.getpeername() == address[1]
        assert asyncio.get_running_loop().time() - began >= STAGGER_S * 0.9
        sock.close()


async def test_of_two_that_connect_in_the_same_moment_one_is_closed(monkeypatch: pytest.MonkeyPatch):
    sockets, both = [socket.socket(), socket.socket()], asyncio.Barrier(2)

    async def connect(address: Address) -> socket.socket:
        await both.wait()
        return sockets[address[1]]

    monkeypatch.setattr(dial, "_connect", connect)
    winner = await race([(socket.AF_INET, 0), (socket.AF_INET, 1)])
    await asyncio.sleep(0)
    assert sorted(sock.fileno() == -1 for sock in sockets) == [False, True]
    winner.close()


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_no_address_that_answers_is_an_error(refusing: Address, count: int):
    with pytest.raises(OSError, match=r"no address|refused|Errno"):
        await race([refusing] * count)


async def test_a_provider_that_accepts_nothing_runs_into_the_time_limit(trust: ssl.SSLContext):
    with silent() as (_, (host, port)):
        dialer = Dialer(trust, Proxies({}), connect_s=0.05)
        with pytest.raises(UpstreamError, match="upstream_connect_timeout"):
            await dialer.connect(parse_origin(f"http://{host}:{port}"), asyncio.Protocol)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 64 + ".test"])
async def test_a_name_that_nobody_knows_is_unreachable(trust: ssl.SSLContext, host: str):
    with pytest.raises(UpstreamError, match="upstream_unreachable"):
        await Dialer(trust, Proxies({}), 5).connect(parse_origin(f"http://{host}"), asyncio.Protocol)


# ------------------------------------------------------------------ TLS


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_names_and_addresses_are_verified(server_tls: ssl.SSLContext, trust: ssl.SSLContext, host: str):
    named: list[str | None] = []
    server_tls.sni_callback = lambda _, name, __: named.append(name)
    async with serving(answer, server_tls) as base_url, client_of(trust) as client:
        assert await fetch(client, base_url.replace("localhost", host)) == b"hello"
    assert named == ["localhost" if host == "localhost" else None]


async def test_plain_text_where_tls_was_expected(trust: ssl.SSLContext):
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as base_url, client_of(trust) as client:
        with pytest.raises(UpstreamError, match="upstream_tls_error"):
            await fetch(client, base_url.replace("http:", "https:"))


async def test_a_handshake_that_stalls_runs_into_the_time_limit(trust: ssl.SSLContext):
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(stall) as base_url:
        dialer = Dialer(trust, Proxies({}), connect_s=0.05)
        with pytest.raises(UpstreamError, match="upstream_connect_timeout"):
            await dialer.connect(parse_origin(base_url.replace("http:", "https:")), asyncio.Protocol)


# ------------------------------------------------------------------ Unix sockets


async def test_over_a_unix_socket(tmp_path: Path):
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello")
        writer.close()

    async with await asyncio.start_unix_server(handle, tmp_path / "s"), client_of(None) as client:
        assert await fetch(client, f"unix:{tmp_path / 's'}") == b"hello"
    assert heads == [b"GET /x?y HTTP/1.1\r\nhost: localhost\r\na: b\r\n\r\n"]


async def test_a_unix_socket_that_is_not_there_is_unreachable(tmp_path: Path):
    async with client_of(None) as client:
        with pytest.raises(UpstreamError, match="upstream_unreachable"):
            await fetch(client, f"unix:{tmp_path / 's'}")


# ------------------------------------------------------------------ proxies


def through(proxy: ProxyServer) -> dict[str, str]:
    return {"ALL_PROXY": proxy.url.replace("://", "://user:password@")}


AUTHORIZATION = b"proxy-authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"


@pytest.mark.parametrize("proxy_speaks_tls", [False, True])
async def test_tls_goes_through_a_tunnel_and_is_verified_at_its_end(
    server_tls: ssl.SSLContext, trust: ssl.SSLContext, proxy_speaks_tls: bool
):
    async with (
        serving(answer, server_tls) as target,
        proxying(target, server_tls if proxy_speaks_tls else None) as proxy,
        client_of(trust, through(proxy)) as client,
    ):
        assert [await fetch(client, "https://provider.test") for _ in range(2)] == [b"hello"] * 2
        assert proxy.heads == [
            b"CONNECT provider.test:443 HTTP/1.1\r\nhost: provider.test:443\r\n" + AUTHORIZATION + b"\r\n"
        ]


async def test_a_tunnel_proves_nothing_about_its_end(server_tls: ssl.SSLContext, trust: ssl.SSLContext):
    async with (
        serving(answer, server_tls) as target,
        proxying(target) as proxy,
        client_of(trust, through(proxy)) as client,
    ):
        with pytest.raises(UpstreamError, match="upstream_tls_error"):
            await fetch(client, "https://another.test")


@pytest.mark.parametrize("proxy_speaks_tls", [False, True])
async def test_plain_http_is_asked_of_the_proxy_by_its_whole_address(
    server_tls: ssl.SSLContext, trust: ssl.SSLContext, proxy_speaks_tls: bool
):
    async with (
        proxying("", server_tls if proxy_speaks_tls else None) as proxy,
        client_of(trust, through(proxy)) as client,
    ):
        assert await fetch(client, "http://provider.test:8080") == b"by proxy"
    assert proxy.heads == [
        b"GET http://provider.test:8080/x?y HTTP/1.1\r\nhost: provider.test:8080\r\n" + AUTHORIZATION + b"a: b\r\n\r\n"
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (b"407 Proxy Authentication Required", "upstream_proxy_error"),
        (b"502 Bad Gateway", "upstream_proxy_error"),
        (b"nonsense", "upstream_proxy_error"),
        (b"200 And Gone", "upstream_unreachable"),
    ],
)
async def test_a_proxy_that_refuses_is_named(trust: ssl.SSLContext, status: bytes, code: str):
    async with proxying("") as proxy, client_of(trust, through(proxy)) as client:
        proxy.refuses = status
        with pytest.raises(UpstreamError, match=code):
            await fetch(client, "https://provider.test")


async def test_a_connection_for_a_tunnel_goes_through_the_proxy_without_tls_too(trust: ssl.SSLContext):
    received = asyncio.get_running_loop().create_future()

    class Greeter(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
            transport.write(b"GET / HTTP/1.1\r\n\r\n")

        def data_received(self, data: bytes) -> None:
            received.set_result(data)

    async with (
        serving(answer) as target,
        proxying(target) as proxy,
        client_of(trust, through(proxy)) as client,
    ):
        protocol = await client.connect(parse_origin("http://provider.test"), Greeter)
        assert (await received).endswith(b"hello")
        protocol.transport.abort()
    assert proxy.heads[0].startswith(b"CONNECT provider.test:80 ")
