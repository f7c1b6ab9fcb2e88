"""Long work in short steps: the database belongs to others half of the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def giving_way() -> AsyncIterator[None]:
    """After a step, wait for as long as it took: SQLite's lock goes to whoever asks most often."""
    began = time.monotonic()
    yield
    await asyncio.sleep(time.monotonic() - began)
