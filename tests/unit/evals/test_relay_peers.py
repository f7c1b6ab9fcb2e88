from __future__ import annotations

from pathlib import Path

import pytest

from evals.relay import measure, nginx, peers
from evals.relay.gateways import Missing


def test_what_was_installed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ran: list[list[str]] = []
    monkeypatch.setattr(peers, "_run", lambda command: ran.append([str(word) for word in command]))
    for name in peers.PACKAGES:
        peers.install(tmp_path, name)
    first = len(ran)
    assert [command[-1] for command in ran if "install" in command] == [
        "openai",
        "litellm[proxy]",
        "@portkey-ai/gateway",
    ]
    for name in peers.PACKAGES:
        peers.install(tmp_path, name)
    assert len(ran) == first


def test_a_peer_that_cannot_be_installed_is_missing_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(folder: Path, name: str) -> None:
        raise Missing(f"no {name} here")

    monkeypatch.setattr(peers, "install", fails)
    told: list[str] = []
    missing = measure.install(tmp_path, ["direct", "nginx", "transom", "litellm"], told.append)
    assert missing == {"litellm": "no litellm here"}
    assert told == ["installing litellm"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["a-program-that-nobody-has"], "is not installed"),
        (["python3", "-c", "raise SystemExit('no such package')"], "python3 failed: no such package"),
    ],
)
def test_a_failing_installer_says_why(command: list[str], why: str):
    with pytest.raises(Missing, match=why):
        peers._run(command)


def test_nginx_keeps_connections_buffers_nothing_and_logs_nothing(tmp_path: Path):
    text = nginx.config_text(tmp_path, 4321, 1234)
    assert "server 127.0.0.1:1234;" in text and "listen 127.0.0.1:4321 " in text
    for line in ("worker_processes 1;", "proxy_buffering off;", "access_log off;", "keepalive 4096;"):
        assert line in text


def test_every_gateway_of_the_table_can_be_started_or_installed():
    assert set(peers.PACKAGES) == set(measure.STARTS) - {"direct", "nginx", "transom"}
