"""What reviewers teach, brought from the store to the redaction processes as long as the recorder runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from transom.store.rules import read_rules, rules_version
from transom.types import TaughtRule

log = structlog.get_logger()

LOOK_S = 2.0


class Pupil(Protocol):
    """Redaction, to which it is told."""

    def teach(self, rules: Sequence[TaughtRule]) -> None: ...


class Lessons:
    """Knows which rules redaction has been told."""

    def __init__(self, engine: AsyncEngine, pool: Pupil) -> None:
        self._engine, self._pool = engine, pool
        self._version: tuple[int, int] | None = None

    async def learn(self) -> None:
        """Tell redaction the rules in force, if they are other ones than before."""
        async with self._engine.connect() as conn:
            version = await rules_version(conn)
            if version == self._version:
                return
            rules = await read_rules(conn)
        self._pool.teach(rules)
        self._version = version
        if rules:
            log.info("reviewers' rules", rules=len(rules))

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Look for new rules every two seconds meanwhile."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.learn()
            except (SQLAlchemyError, OSError) as error:
                # Nothing can be stored meanwhile either.
                log.warning("reviewers' rules could not be read; they are asked for again", error=error)
