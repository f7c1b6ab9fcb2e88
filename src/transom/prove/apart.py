"""The proof in a process of its own: redaction's libraries and the search take memory, and give it back."""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE

from transom.config import Settings
from transom.secret import load_secret


class NotProved(Exception):
    """No proof could be made; the log says why."""


async def prove_apart(settings: Settings) -> None:
    """Make a proof and store it; settings and secret travel by the pipe. Raises NotProved."""
    configured = settings.secret_key.get_secret_value() if settings.secret_key else None
    given = pickle.dumps((settings, load_secret(settings.data, configured)))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "transom.prove", stdin=PIPE)
    try:
        await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotProved
