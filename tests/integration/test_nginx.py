"""Behind a real nginx, as in production: TLS ends there, streams still come event by event, big bodies pass."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.certificates import make_certificate
from tests.running import Running, free_port, running, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed: apt-get install nginx-light"),
]

CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 100m;
  upstream transom {{ server 127.0.0.1:{upstream}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass http://transom; proxy_http_version 1.1; proxy_set_header connection "";
      proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 3600s;
    }}
  }}
}}
"""


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[httpx.Client]:
    port = free_port()
    make_certificate(folder)
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, upstream=upstream))
    process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
    try:
        until(lambda: accepts(port))
        trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        with httpx.Client(base_url=f"https://localhost:{port}", verify=trust, timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("transom")) as it:
        yield it


@pytest.fixture(scope="module")
def front(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with nginx(tmp_path_factory.mktemp("nginx"), server.port) as it:
        yield it


def body(prompt: str, **more: object) -> dict[str, object]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}], **more}


def test_an_answer_and_its_headers_pass(front: httpx.Client):
    answer = front.post("/v1/chat/completions", json=body("Hello"))
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"]
    assert {"x-transom-trace-id", "x-request-id", "server-timing"} <= set(answer.headers)


def test_events_of_a_stream_come_one_by_one(front: httpx.Client):
    with front.stream("POST", "/v1/chat/completions", json=body("Tell me a long story", stream=True)) as answer:
        pieces = [piece for piece in answer.iter_raw() if piece]
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert len(pieces) > 5, "nginx got the events as they came"


def test_a_large_prompt_passes(front: httpx.Client, server: Running):
    answer = front.post("/v1/chat/completions", json=body("word " * 200_000))
    assert answer.status_code == 200
    server.wait_for_trace(answer.headers["x-transom-trace-id"])
