"""The floor: nginx as a reverse proxy that does nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from evals.relay import processes
from evals.relay.gateways import Bench, Gateway
from evals.relay.load import Address
from evals.relay.processes import GATEWAY_CORE, Command
from tests.running import free_port

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
user root;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 100000000;
    upstream provider {{
        server 127.0.0.1:{provider};
        keepalive 4096;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


def version() -> str:
    """Of the installed nginx. Raises FileNotFoundError where there is none."""
    told = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True)
    found = re.search(r"nginx/([\d.]+)", told.stderr)
    return found[1] if found else "unknown"


@contextmanager
def running(bench: Bench, provider: int) -> Iterator[Gateway]:
    """One worker with connections kept alive on both sides, that buffers no answer and logs no call."""
    port = free_port()
    config = bench.folder / "nginx.conf"
    config.write_text(config_text(bench.folder, port, provider))
    command: Command = ["nginx", "-p", bench.folder, "-c", config]
    ready = partial(processes.listens, port)
    with processes.running(command, GATEWAY_CORE, bench.folder / "nginx.log", ready) as process:
        yield Gateway("nginx", Address(port), process.pid, version())


def config_text(folder: Path, port: int, provider: int) -> str:
    """The whole configuration."""
    return CONFIG.format(folder=folder, port=port, provider=provider)
