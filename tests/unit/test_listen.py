"""Sockets are bound once and handed down."""

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.running import free_port
from transom import listen


def greet(server: socket.socket) -> None:
    accepted, _ = server.accept()
    with accepted:
        accepted.sendall(b"hello")


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("localhost", socket.AF_INET)]
)
def test_a_connection_waits_in_the_queue_before_anybody_serves(host: str, family: socket.AddressFamily):
    port = free_port()
    try:
        sockets = listen.bind(host, port)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    server = next(one for one in sockets if one.family == family)
    with socket.create_connection((host if family == socket.AF_INET6 else "127.0.0.1", port), timeout=5) as client:
        greet(server)
        assert client.recv(99) == b"hello"
    listen.release(sockets)


def test_a_port_in_use_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        listen.bind("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_is_not_this_machine_s_is_an_error():
    with pytest.raises(OSError, match="assign"):
        listen.bind("192.0.2.1", free_port())


def test_a_path_is_listened_on_for_user_and_group_and_removed_at_the_end(tmp_path: Path):
    path = tmp_path / "transom.sock"
    sockets = listen.bind(f"unix:{path}", 4000)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        greet(sockets[0])
        assert client.recv(99) == b"hello"
    listen.release(sockets)
    assert not path.exists()


def test_the_path_of_a_killed_server_is_taken_over_and_that_of_a_living_one_is_not(tmp_path: Path):
    path = tmp_path / "transom.sock"
    living = listen.bind(f"unix:{path}", 4000)
    with pytest.raises(OSError, match="in use"):
        listen.bind(f"unix:{path}", 4000)
    living[0].close()
    assert path.exists()
    listen.release(listen.bind(f"unix:{path}", 4000))


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("keep me")
    with pytest.raises(OSError, match="in use"):
        listen.bind(f"unix:{path}", 4000)
    assert path.read_text() == "keep me"


def test_what_one_process_does_not_live_to_accept_another_accepts(monkeypatch: pytest.MonkeyPatch):
    (bound,) = listen.bind("127.0.0.1", free_port())
    monkeypatch.setenv(listen.SOCKETS_VARIABLE, f"{os.dup(bound.fileno())},{os.dup(bound.fileno())}")
    first, second = listen.inherited()
    assert listen.inherited() == []
    with socket.create_connection(bound.getsockname(), timeout=5) as client:
        bound.close()
        first.close()
        greet(second)
        assert client.recv(99) == b"hello"
    second.close()


def test_readiness_is_told_once_to_who_asked(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setenv(listen.READY_VARIABLE, str(theirs.detach()))
    listen.tell_ready()
    listen.tell_ready()
    with ours:
        assert ours.recv(99) == listen.READY
        assert ours.recv(99) == b""


def test_a_supervisor_that_no_longer_waits_to_be_told_is_no_error(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = socket.socketpair()
    ours.close()
    monkeypatch.setenv(listen.READY_VARIABLE, str(theirs.detach()))
    listen.tell_ready()
    assert listen.READY_VARIABLE not in os.environ
