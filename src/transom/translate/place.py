"""Where the translator listens. The gateway imports this too, so it is light."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from hashlib import sha256
from pathlib import Path

from transom.config import ConfigError, Settings

_LONGEST = 103
"""Bytes of the longest path that a Unix socket can have: unix(7) gives 107 on Linux, the BSDs 103."""
_NAME = "translator.sock"
_BACKLOG = 2048


def translator_socket(settings: Settings) -> Path:
    """The path of the translator's socket: in the data folder, or, where that is too long, in a private one of its own.

    Raises ConfigError where that private folder exists and is someone else's: who listens there would be sent keys.
    """
    path = settings.data.absolute() / _NAME
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    digest = sha256(os.fsencode(path)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"transom-{digest}"
    _make_private(folder)
    return folder / _NAME


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(
            f"data: its path is too long for a socket, and {folder} belongs to others: choose a shorter one"
        )


def listen(path: Path) -> socket.socket:
    """A listening socket of mode 0600 at `path`, put in the place of one that may be there: no call finds none."""
    fresh = path.with_suffix(".next")
    fresh.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(fresh))
    fresh.chmod(0o600)
    listening.listen(_BACKLOG)
    fresh.replace(path)
    return listening
