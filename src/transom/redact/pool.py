"""Redaction in child processes, which can be killed: a text that makes one hang or crash costs its own content only."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import msgspec
import structlog

from transom.capture.exchange import Exchange, RawFeedback
from transom.config import Settings
from transom.redact.frames import (
    Answer,
    Exchanged,
    Failed,
    FedBack,
    RedactExchange,
    RedactFeedback,
    Request,
    request_frame,
)
from transom.redact.problems import RedactionFailed, RedactionUnavailable
from transom.redact.walk import count_chars
from transom.redact.worker import Crashed, Worker
from transom.secret import Secret
from transom.types import Cost, RedactedExchange, RedactedFeedback, Usage

__all__ = ["RedactionFailed", "RedactionPool", "RedactionUnavailable"]

log = structlog.get_logger()

_TRIES = 2
"""A crash may be another's fault (the kernel's out-of-memory killer); two are the text's."""

_CONTENT = ("input_messages", "output_messages", "tools", "metadata", "params", "error_message", "tags")


class RedactionPool:
    """An async context manager; `settings.redaction.processes` children work at a time, others wait.

    Children start when it is entered, and again when one dies. They inherit this process's niceness.
    """

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._max_chars = settings.redaction.max_chars
        self._workers = [Worker(settings, secret) for _ in range(settings.redaction.processes)]
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._idle.put_nowait(worker)
        self._warming: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        for _ in self._workers:
            self._warm(self._idle.get_nowait())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._warming:
            task.cancel()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await asyncio.gather(*(worker.kill() for worker in self._workers))

    async def ready(self) -> None:
        """Wait until a child can work. Raises RedactionUnavailable, which says why, if none can."""
        worker = await self._idle.get()
        try:
            await worker.started()
        except Crashed:
            raise RedactionUnavailable("a redaction process died while it started") from None
        finally:
            self._idle.put_nowait(worker)

    async def redact(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        """The exchange, redacted. Raises RedactionFailed."""
        if _size(exchange) > self._max_chars:
            raise RedactionFailed("too_large")
        answer = await self._ask(RedactExchange(exchange, usage, cost))
        if not isinstance(answer, Exchanged):
            raise RedactionFailed("redaction_error")
        return answer.exchange

    async def redact_feedback(self, raw: RawFeedback) -> RedactedFeedback:
        """The feedback, redacted. Raises RedactionFailed."""
        if len(raw.comment or "") + len(raw.correction or "") > self._max_chars:
            raise RedactionFailed("too_large")
        answer = await self._ask(RedactFeedback(raw))
        if not isinstance(answer, FedBack):
            raise RedactionFailed("redaction_error")
        return answer.feedback

    async def _ask(self, request: Request) -> Answer:
        try:
            frame = request_frame(request)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            raise RedactionFailed("redaction_error") from None
        worker = await self._idle.get()
        try:
            answer = await _ask_twice(worker, frame)
        except BaseException:
            self._warm(worker)
            raise
        self._idle.put_nowait(worker)
        if isinstance(answer, Failed):
            log.error("redaction failed", where=answer.where)
        return answer

    def _warm(self, worker: Worker) -> None:
        """Start the worker's next child before anyone waits for it."""
        task = asyncio.get_running_loop().create_task(self._warmed(worker))
        self._warming.add(task)
        task.add_done_callback(self._warming.discard)

    async def _warmed(self, worker: Worker) -> None:
        try:
            await worker.started()
        except (Crashed, RedactionUnavailable) as error:
            log.error("a redaction process did not start", error=str(error) or type(error).__name__)
        finally:
            self._idle.put_nowait(worker)


async def _ask_twice(worker: Worker, frame: bytes) -> Answer:
    for _ in range(_TRIES):
        try:
            return await worker.ask(frame)
        except Crashed:
            log.warning("a redaction process died at work")
        except RedactionUnavailable:
            break
    raise RedactionFailed("redaction_crashed")


def _size(exchange: Exchange) -> int:
    """Characters that would have to be read."""
    return sum(count_chars(msgspec.to_builtins(getattr(exchange, name))) for name in _CONTENT)
