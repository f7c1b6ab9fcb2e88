"""The sockets that a server listens on: bound once, and handed down to each process that serves them.

They are inherited, and not bound again by each process with SO_REUSEPORT: sockets bound that way have a queue each of
connections that wait to be accepted, and a process that closes its own resets those that wait there (socket(7); Linux
moves them to another socket only where net.ipv4.tcp_migrate_req is set, which it is not by default). An inherited
socket has one queue, which stays as long as any process holds it: a connection that one process doesn't live to accept
is accepted by another. The price is that idle processes share connections unevenly; a busy one leaves them to others.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SOCKETS_VARIABLE = "TRANSOM_LISTEN_FDS"
"""Names the descriptors of inherited sockets, separated by commas."""

READY_VARIABLE = "TRANSOM_READY_FD"
"""Names the descriptor by which a process tells that it serves."""

READY = b"1"
_BACKLOG = 2048
_UNIX = "unix:"


def bind(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of a host, or one at the path of a host `unix:/run/transom.sock`.

    A host may have addresses of a kind that this machine lacks, as `localhost` without IPv6 does; these are left out.
    Raises OSError where an address is in use or there is none.
    """
    if host.startswith(_UNIX):
        return [_bind_unix(Path(host.removeprefix(_UNIX)))]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    lacking: OSError | None = None
    for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
        try:
            sockets.append(socket.create_server(address, family=family, backlog=_BACKLOG))
        except OSError as error:
            lacking = error
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                release(sockets)
                raise
    if lacking and not sockets:
        raise lacking
    return sockets


def _bind_unix(path: Path) -> socket.socket:
    """Who may write to the file may connect: this user and its group."""
    _remove_stale(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        server.bind(str(path))
        path.chmod(0o660)
        server.listen(_BACKLOG)
    except OSError:
        server.close()
        raise
    return server


def _remove_stale(path: Path) -> None:
    """Remove the file of a socket that nobody listens on any more, as a killed process leaves it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if path.is_socket() and probe.connect_ex(str(path)) == errno.ECONNREFUSED:
            path.unlink()


def release(sockets: Iterable[socket.socket]) -> None:
    """Close our descriptors of sockets and remove their files: others that hold them accept what waits, no more."""
    for one in sockets:
        if one.family == socket.AF_UNIX:
            Path(one.getsockname()).unlink(missing_ok=True)
        one.close()


def inherited() -> list[socket.socket]:
    """The listening sockets that a supervisor handed down; none where there is no supervisor."""
    names = os.environ.pop(SOCKETS_VARIABLE, None)
    return [socket.socket(fileno=int(name)) for name in names.split(",")] if names else []


def tell_ready() -> None:
    """Tell the supervisor, if there is one that asked, that this process serves."""
    name = os.environ.pop(READY_VARIABLE, None)
    if name is not None:
        with suppress(BrokenPipeError), socket.socket(fileno=int(name)) as channel:
            channel.sendall(READY)
