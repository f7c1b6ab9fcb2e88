"""What every process of ours does first: log without content, leave no core dump, end with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dumps and no ptrace by other processes of this user: memory holds raw content and keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def allow_many_connections() -> None:
    """As many open files as the system lets this process have: the usual soft limit, 1,024, is 500 relayed streams."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def end_with_parent(parent: int | None = None) -> None:
    """Ask the kernel for a SIGTERM when the parent dies (Linux only; elsewhere the parent's own stop must do)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def stop_event() -> asyncio.Event:
    """Set when the process is told to stop, by SIGTERM or SIGINT. Call it in the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    return stop


async def wait_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not past the wish to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def configure_logging(level: str, process: str) -> None:
    """JSON lines to stderr, ours and the libraries'. Of exceptions, type and place only."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_content,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # One write a line: processes share their stderr, and `print` would let another's line into its middle.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryFormatter(process))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    sys.excepthook = _log_uncaught


def _without_content(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = where(error)
    elif error is not None:
        event["error"] = error
    return event


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of a traceback, whose last line may quote what was being worked on."""
    structlog.get_logger().critical("the process ends by an error", error=error)


def where(error: BaseException) -> str:
    """The type of an exception and the file and line that raised it: all that may be logged of one."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


class _LibraryFormatter(logging.Formatter):
    """Libraries' warnings as JSON lines; their messages may quote input, so only their fixed part is kept."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        event = {"process": self.process, "level": record.levelname.lower(), "logger": record.name}
        event["event"] = str(record.msg) if record.args else _fixed(record.msg)
        if record.exc_info and record.exc_info[1]:
            event["error"] = where(record.exc_info[1])
        return str(structlog.processors.JSONRenderer()(None, "", event))


def _fixed(message: object) -> str:
    if isinstance(message, OSError):
        return message.strerror or type(message).__name__
    return str(message).split(":", 1)[0][:120]
