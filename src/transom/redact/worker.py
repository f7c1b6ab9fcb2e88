"""One child process of the pool: started, asked, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process

import structlog

from transom.config import Settings
from transom.redact.frames import LENGTH_BYTES, Answer, Ready, Start, answers, frame
from transom.redact.problems import RedactionFailed, RedactionUnavailable
from transom.secret import Secret

log = structlog.get_logger()

START_S = 60.0
"""Loading the language model takes about two seconds on an idle core."""

FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 10.0

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Crashed(Exception):
    """The child ended before it answered."""


class Worker:
    """Asks one child one thing at a time. The secret and the settings travel by the pipe, never by the environment."""

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._start_frame = frame(Start(settings.redaction.model_dump_json(), secret.key))
        self._timeout_s = settings.redaction.timeout_s
        self._process: Process | None = None
        self._failures = 0
        self._lesson = self._learnt = b""

    def teach(self, lesson: bytes) -> None:
        """Have the child told this, a framed `Teach`, before it is asked anything else."""
        self._lesson = lesson

    async def ask(self, request: bytes) -> Answer:
        """The child's answer to a framed request.

        Raises RedactionFailed if it takes too long, Crashed if the child dies, RedactionUnavailable if none starts.
        """
        process = await self.started()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._tell(process)
                answer = await _exchange(process, request)
        except TimeoutError:
            await self.kill()
            raise RedactionFailed("redaction_timeout") from None
        except BaseException:
            await self.kill()
            raise
        self._failures = 0
        return answer

    async def _tell(self, process: Process) -> None:
        """Pass on what reviewers taught, unless this child knows it."""
        lesson = self._lesson
        if lesson != self._learnt:
            if not isinstance(await _exchange(process, lesson), Ready):
                raise Crashed
            self._learnt = lesson

    async def started(self) -> Process:
        """A child that has loaded all it needs."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        await asyncio.sleep(self._backoff_s())
        self._failures += 1
        self._learnt = b""
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "transom.redact.child"),
            stdin=PIPE,
            stdout=PIPE,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ} | _ONE_THREAD,
        )
        try:
            async with asyncio.timeout(START_S):
                answer = await _exchange(process, self._start_frame)
        except BaseException as error:
            await self.kill()
            if isinstance(error, TimeoutError):
                raise RedactionUnavailable(f"a redaction process did not start within {START_S:.0f} s") from None
            raise
        if not isinstance(answer, Ready) or answer.problem:
            await self.kill()
            raise RedactionUnavailable(getattr(answer, "problem", None) or "a redaction process did not start")
        return process

    def _backoff_s(self) -> float:
        """Nothing before the first start and the first restart; then longer each time, until an answer comes."""
        if self._failures < 2:
            return 0
        return min(FIRST_BACKOFF_S * 2.0 ** (self._failures - 2), LONGEST_BACKOFF_S)

    async def kill(self) -> None:
        """SIGKILL: a child that hangs listens to nothing else."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _exchange(process: Process, request: bytes) -> Answer:
    assert process.stdin and process.stdout
    try:
        process.stdin.write(request)
        await process.stdin.drain()
        header = await process.stdout.readexactly(LENGTH_BYTES)
        answer: Answer = answers.decode(await process.stdout.readexactly(int.from_bytes(header)))
        return answer
    except (asyncio.IncompleteReadError, OSError, RuntimeError):
        # uvloop's word for a pipe that its loop has found closed is RuntimeError.
        raise Crashed from None
