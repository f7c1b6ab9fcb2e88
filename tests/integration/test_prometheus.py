"""A real Prometheus scrapes the admin's /metrics and its answers add up."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.running import Running, free_port, running, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("prometheus"), reason="apt-get install prometheus"),
]

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: transom
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["127.0.0.1:{admin_port}"]}}]
"""


@contextmanager
def prometheus(folder: Path, server: Running) -> Iterator[httpx.Client]:
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(token=server.token, admin_port=server.admin_port))
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command.append(f"--web.listen-address=127.0.0.1:{port}")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            until(lambda: client.get("/-/ready").status_code == 200)
            yield client
    finally:
        process.terminate()
        process.wait()


def value(client: httpx.Client, query: str) -> float | None:
    found = client.get("/api/v1/query", params={"query": query}).json()["data"]["result"]
    return float(found[0]["value"][1]) if found else None


def test_the_metrics_are_valid_and_count_every_exchange(tmp_path: Path):
    with running(tmp_path / "transom") as server:
        for _ in range(3):
            server.chat("Hello")
        server.wait_for_outcomes(3)
        metrics = server.admin("/metrics").text
        lint = subprocess.run(["promtool", "check", "metrics"], input=metrics, text=True, capture_output=True)
        assert lint.returncode == 0, lint.stdout + lint.stderr
        (tmp_path / "prometheus").mkdir()
        with prometheus(tmp_path / "prometheus", server) as client:
            until(lambda: value(client, "up{job='transom'}") == 1)
            until(lambda: value(client, "sum(transom_exchanges_total)") == 3)
            assert value(client, "sum(transom_exchanges_total{outcome='stored'})") == 3
