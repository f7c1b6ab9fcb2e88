"""Redaction in child processes, which can be killed: a text that makes one hang or crash costs its own content only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from types import TracebackType
from typing import Self, TypeVar

import msgspec
import structlog

from transom.capture.exchange import Exchange, RawFeedback
from transom.config import Settings
from transom.redact.cache import Cache
from transom.redact.frames import (
    Answer,
    Failed,
    ReadAgain,
    Ready,
    Redacted,
    RedactPieces,
    Teach,
    WasRead,
    encode_piece,
    frame,
    redacted_pieces,
)
from transom.redact.pieces import Take, assemble_exchange, assemble_feedback, put_together, take_apart
from transom.redact.problems import RedactionFailed, RedactionUnavailable
from transom.redact.sample import Sample
from transom.redact.walk import count_chars
from transom.redact.worker import Crashed, Worker
from transom.secret import Secret
from transom.types import Cost, Json, RedactedExchange, RedactedFeedback, Residual, TaughtRule, Usage

__all__ = ["RedactionFailed", "RedactionPool", "RedactionUnavailable"]

log = structlog.get_logger()

_TRIES = 2
"""A crash may be another's fault (the kernel's out-of-memory killer); two are the text's."""

T = TypeVar("T")


class RedactionPool:
    """An async context manager; `settings.redaction.processes` children work at a time, others wait.

    Children start when it is entered, and again when one dies. They inherit this process's niceness.
    """

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._settings = settings.redaction
        self._max_chars = settings.redaction.max_chars
        self._cache = Cache(settings.redaction.cache_bytes)
        self._version = b""
        self._sample = Sample(settings.redaction, secret)
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

    def teach(self, rules: Sequence[TaughtRule]) -> None:
        """Redact from now on by these rules of reviewers, of all projects, and by no others before."""
        lesson = frame(Teach(list(rules)))
        self._version = sha256(lesson).digest()
        self._cache.clear()
        for worker in self._workers:
            worker.teach(lesson)

    async def redact(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        """The exchange, redacted. Raises RedactionFailed."""
        assemble = partial(assemble_exchange, exchange, usage, cost, self._settings)
        redacted = await self._whole(exchange.project_id, assemble)
        if drawn := self._sample.draw(redacted):
            return msgspec.structs.replace(redacted, residuals=await self._read_again(redacted, drawn))
        return redacted

    async def _read_again(self, redacted: RedactedExchange, drawn: dict[int, list[dict[str, Json]]]) -> list[Residual]:
        """What redaction may have missed in messages of the sample. Nothing where they can't be read again."""
        profile = self._settings.profile_of(redacted.project_id, redacted.route)
        try:
            answer = await self._answer(frame(ReadAgain(redacted.project_id, profile, drawn)))
        except RedactionFailed as failure:
            ended = self._sample.failed()
            log.warning("a sample could not be read again", reason=failure.reason, ended=ended)
            return []
        if isinstance(answer, WasRead):
            self._sample.worked()
            return answer.residuals
        if isinstance(answer, Ready):
            self._sample.end()
            log.error("what redaction misses is not measured any more", problem=answer.problem)
        return []

    async def redact_feedback(self, raw: RawFeedback) -> RedactedFeedback:
        """The feedback, redacted. Raises RedactionFailed."""
        return await self._whole(raw.project_id, partial(assemble_feedback, raw, self._settings))

    async def _whole(self, project_id: str, assemble: Callable[[Take], T]) -> T:
        try:
            pieces = take_apart(assemble)
            encoded = [encode_piece(piece) for piece in pieces]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise RedactionFailed("redaction_error") from None
        context = self._version + project_id.encode()
        keys = [self._cache.key(context, piece) for piece in encoded]
        known = {key: self._cache.get(key) for key in keys}
        new = {key: index for index, key in enumerate(keys) if known[key] is None}
        if sum(count_chars(pieces[index].value) for index in new.values()) > self._max_chars:
            raise RedactionFailed("too_large")
        for key, redacted in zip(new, await self._ask(project_id, [encoded[i] for i in new.values()]), strict=True):
            known[key] = redacted
            self._cache.put(key, redacted)
        return put_together(assemble, (redacted_pieces.decode(known[key] or b"") for key in keys))

    async def _ask(self, project_id: str, pieces: list[bytes]) -> list[bytes]:
        """What a child makes of pieces."""
        if not pieces:
            return []
        answer = await self._answer(frame(RedactPieces(project_id, [msgspec.Raw(piece) for piece in pieces])))
        if not isinstance(answer, Redacted) or len(answer.pieces) != len(pieces):
            raise RedactionFailed("redaction_error")
        return [bytes(piece) for piece in answer.pieces]

    async def _answer(self, request: bytes) -> Answer:
        """A child's answer to a framed request. Raises RedactionFailed."""
        worker = await self._idle.get()
        try:
            answer = await _ask_twice(worker, request)
        except BaseException as error:
            self._warm(worker)
            if isinstance(error, msgspec.MsgspecError):
                raise RedactionFailed("redaction_error") from None
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
