"""Providers and clients with faults: what the client gets and what is recorded."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.certificates import make_certificate
from tests.providers.faulty import BODY, EVENT, FAULTS, LIMITED, ZIPPED, Faulty, faulty, full_queue
from tests.running import Running, free_port, running, until

pytestmark = pytest.mark.slow

PROTOCOL, INCOMPLETE, CLOSED = "upstream_protocol_error", "upstream_incomplete", "upstream_closed"
TIMEOUT, TLS = "upstream_timeout", "upstream_tls_error"

UNREACHABLE = {
    "refuses": (502, "upstream_unreachable"),
    "accepts-nobody": (504, "upstream_connect_timeout"),
    "tls-other-name": (502, TLS),
    "tls-unknown-authority": (502, TLS),
    "tls-plain-text": (502, TLS),
    "tls-silent": (504, "upstream_connect_timeout"),
}
"""By the provider: what the client is answered."""

BEFORE = {
    "closes at once": (502, CLOSED),
    "resets at once": (502, CLOSED),
    "stalls at once": (504, TIMEOUT),
    "sends half a header": (502, INCOMPLETE),
    "stalls in a header": (504, TIMEOUT),
    "sends a huge header": (502, PROTOCOL),
    "sends a header without end": (502, PROTOCOL),
    "sends a field without end": (502, PROTOCOL),
    "sends both framings": (502, PROTOCOL),
    "sends both framings, chunked first": (502, PROTOCOL),
    "sends two lengths": (502, PROTOCOL),
    "sends a negative length": (502, PROTOCOL),
    "sends a length with a sign": (502, PROTOCOL),
    "sends a name with a space": (502, PROTOCOL),
    "sends an unknown coding": (502, PROTOCOL),
    "hints without end": (502, PROTOCOL),
    "hints and closes": (502, INCOMPLETE),
    "switches protocols": (502, PROTOCOL),
    "speaks HTTP/0.9": (502, PROTOCOL),
    "speaks no HTTP": (502, PROTOCOL),
    "speaks HTTP/2": (502, PROTOCOL),
    "sends an unknown status": (502, PROTOCOL),
}
"""By the fault, which shows before the answer's first byte: what the client is answered."""

WITHIN = {
    "resets in its body": INCOMPLETE,
    "closes in its body": INCOMPLETE,
    "stalls in its body": TIMEOUT,
    "closes before its length": INCOMPLETE,
    "stalls before its length": TIMEOUT,
    "sends chunks of no size": PROTOCOL,
    "sends chunks of negative size": PROTOCOL,
    "sends chunks beyond counting": PROTOCOL,
    "sends chunks that are longer": PROTOCOL,
    "closes in its gzip": INCOMPLETE,
}
"""By the fault, which shows within the answer: what is recorded. The client has its status and is cut off."""

PASSES = {
    "well": (200, BODY),
    "goes on after its length": (200, BODY),
    "answers twice": (200, BODY),
    "goes on until it closes": (200, EVENT),
    "limits the rate": (429, LIMITED),
    "is overloaded": (503, LIMITED),
    "redirects": (302, b"{}"),
    "hints, then answers": (200, BODY),
    "tears its gzip": (200, ZIPPED[:40]),
}
"""By the fault, which isn't ours to mend: what the client gets, untouched."""

PATIENCE_S = 2
HEAD = b"POST /faulty/v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
SMUGGLED = b"GET /faulty/v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"

REFUSED = {
    "both framings": b"content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG",
    "both framings, chunked first": b"transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\nG",
    "two lengths": b"content-length: 2\r\ncontent-length: 50\r\n\r\n{}",
    "two lengths in one": b"content-length: 2, 50\r\n\r\n{}",
    "a length with a sign": b"content-length: +2\r\n\r\n{}",
    "a negative length": b"content-length: -2\r\n\r\n{}",
    "a length beyond counting": b"content-length: 99999999999999999999999\r\n\r\n{}",
    "a name with a space": b"content-length : 2\r\n\r\n{}",
    "a name with a space, chunked": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"transfer-encoding: chunked, sideways\r\n\r\n0\r\n\r\n",
    "a coding that is not chunked": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks of no size": b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunks of negative size": b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunks beyond counting": b"transfer-encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n",
    "chunks that are longer": b"transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "a zero byte in a field": b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}",
    "a carriage return in a field": b"x: a\rcontent-length: 2\r\n\r\n{}",
}
"""Requests that some servers understand in another way than others, behind which another one hides."""


@dataclass
class Site:
    """A server, its providers, and how many exchanges it was given."""

    server: Running
    faulty: Faulty
    sent: int = 0

    def ask(self, model: str, provider: str = "faulty") -> Got:
        """One chat completion, as bytes, however it ends."""
        self.sent += 1
        url = f"{self.server.base_url}/{provider}/v1/chat/completions"
        body = {"model": model, "messages": [{"role": "user", "content": "How is it?"}]}
        with httpx.stream("POST", url, json=body, headers={"accept-encoding": "gzip"}, timeout=60) as response:
            got = Got(response)
            try:
                for piece in response.iter_raw():
                    got.body += piece
            except httpx.RemoteProtocolError:
                got.cut = True
        return got

    def record(self, got: Got) -> Recorded:
        trace = self.server.wait_for_trace(got.response.headers["x-transom-trace-id"])
        attempts = [(attempt["status"], attempt["error"]) for attempt in trace["attempts"]]
        return Recorded(trace["outcome"], trace["ended"], trace["error_type"], trace["status_code"], attempts)


@dataclass
class Got:
    """What a client received."""

    response: httpx.Response
    body: bytes = b""
    cut: bool = False

    @property
    def status(self) -> int:
        return self.response.status_code


@dataclass
class Recorded:
    """What a trace says of a fault; `attempts` are pairs of status and error."""

    outcome: str
    ended: str
    error_type: str | None
    status_code: int
    attempts: list[tuple[int | None, str | None]] = field(default_factory=list)


@contextmanager
def tls_provider(folder: Path) -> Iterator[int]:
    """The port of a provider with a certificate of its own for `localhost`, written into the folder."""
    folder.mkdir()
    make_certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with faulty(tls=context) as provider:
        yield provider.port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    with ExitStack() as stack:
        provider = stack.enter_context(faulty())
        known = stack.enter_context(tls_provider(folder / "known"))
        unknown = stack.enter_context(tls_provider(folder / "unknown"))
        urls = {
            "faulty": f"http://127.0.0.1:{provider.port}",
            "refuses": f"http://127.0.0.1:{free_port()}",
            "accepts-nobody": f"http://127.0.0.1:{stack.enter_context(full_queue())}",
            "tls": f"https://localhost:{known}",
            "tls-other-name": f"https://127.0.0.1:{known}",
            "tls-unknown-authority": f"https://localhost:{unknown}",
            "tls-plain-text": f"https://localhost:{stack.enter_context(faulty(blurts=True)).port}",
            "tls-silent": f"https://localhost:{provider.port}",
        }
        settings = {
            "TRANSOM_PROVIDERS": json.dumps({name: {"base_url": url} for name, url in urls.items()}),
            "TRANSOM_LIMITS__CONNECT_S": str(PATIENCE_S),
            "TRANSOM_LIMITS__FIRST_BYTE_S": str(PATIENCE_S),
            "TRANSOM_LIMITS__BETWEEN_BYTES_S": str(PATIENCE_S),
            "TRANSOM_REDACTION__PROFILE": "fast",
            "SSL_CERT_FILE": str(folder / "known" / "cert.pem"),
        }
        it = Site(stack.enter_context(running(folder, **settings)), provider)
        yield it
        books = it.server.wait_for_outcomes(it.sent)
        assert books["begun"] == it.sent, "one exchange each"
        assert books["begun"] == books["stored"] + books["metadata_only"]


@pytest.mark.parametrize(("provider", "expected"), UNREACHABLE.items(), ids=UNREACHABLE)
def test_a_provider_that_is_not_reached_is_told_in_words(site: Site, provider: str, expected: tuple[int, str]):
    got = site.ask("well", provider)
    status, code = expected
    assert (got.status, json.loads(got.body)["error"]["code"], got.cut) == (status, code, False)
    assert site.record(got) == Recorded("stored", "upstream_failed", code, status, [(None, code)])


def test_tls_with_a_known_authority_and_the_right_name_passes(site: Site):
    got = site.ask("well", "tls")
    assert (got.status, got.body) == (200, BODY)


@pytest.mark.parametrize(("fault", "expected"), BEFORE.items(), ids=BEFORE)
def test_a_fault_before_the_answer_is_told_in_words(site: Site, fault: str, expected: tuple[int, str]):
    got = site.ask(fault)
    status, code = expected
    assert (got.status, json.loads(got.body)["error"]["code"], got.cut) == (status, code, False)
    assert site.record(got) == Recorded("stored", "upstream_failed", code, status, [(None, code)])
    assert_all_is_well(site)


@pytest.mark.parametrize(("fault", "code"), WITHIN.items(), ids=WITHIN)
def test_a_fault_within_the_answer_cuts_the_client_off(site: Site, fault: str, code: str):
    got = site.ask(fault)
    assert (got.status, got.cut) == (200, True)
    assert got.body in FAULTS[fault].sends or got.body in EVENT, "what came before the fault, and no more"
    assert site.record(got) == Recorded("stored", "upstream_failed", code, 200, [(200, None)])
    assert_all_is_well(site)


@pytest.mark.parametrize(("fault", "expected"), PASSES.items(), ids=PASSES)
def test_what_is_not_ours_to_mend_passes_untouched(site: Site, fault: str, expected: tuple[int, bytes]):
    got = site.ask(fault)
    assert (got.status, got.body, got.cut) == (*expected, False)
    recorded = site.record(got)
    assert (recorded.outcome, recorded.ended, recorded.status_code) == ("stored", "complete", got.status)
    assert recorded.attempts == [(got.status, None)]
    assert_all_is_well(site)


@pytest.mark.parametrize("fault", ["limits the rate", "is overloaded"])
def test_retry_after_reaches_the_client(site: Site, fault: str):
    assert site.ask(fault).response.headers["retry-after"] == "7"


def assert_all_is_well(site: Site) -> None:
    """The next call gets its own answer, and connections with a fault are closed: one at most is kept."""
    got = site.ask("well")
    assert (got.status, got.body) == (200, BODY)
    until(lambda: site.faulty.open <= 1, seconds=20)


def test_every_fault_is_in_a_table():
    assert sorted(FAULTS) == sorted([*BEFORE, *WITHIN, *PASSES])


def say(site: Site, request: bytes) -> bytes:
    """Everything that the server answers to some bytes before it closes the connection."""
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=20) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_a_request_of_doubtful_length_is_refused_with_what_hides_behind_it(site: Site, request_: bytes):
    before = len(site.faulty.requests)
    site.sent += 1
    answer = say(site, HEAD + request_ + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "invalid_http"
    assert_all_is_well(site)
    assert len(site.faulty.requests) == before + 1


def test_trailers_do_not_become_headers(site: Site):
    site.sent += 1
    request = HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-late: smuggled\r\n\r\n"
    assert say(site, request).startswith(b"HTTP/1.1 200 ")
    assert site.faulty.requests[-1].endswith(b"{}")
    assert b"smuggled" not in site.faulty.requests[-1]


def test_a_folded_field_is_refused_or_unfolded(site: Site):
    site.sent += 1
    request = HEAD + b"connection: close\r\nx: a\r\n content-length: 50\r\ncontent-length: 2\r\n\r\n{}"
    answer = say(site, request)
    if not answer.startswith(b"HTTP/1.1 400 "):
        assert b"\r\n content-length" not in site.faulty.requests[-1]
        assert site.faulty.requests[-1].endswith(b"\r\n\r\n{}")
