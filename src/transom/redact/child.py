"""A redaction process: reads requests from standard input and writes answers to what was standard output.

It ends when its input does. Nothing that it works on reaches its standard error: of an exception, type and place only.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import warnings
from typing import BinaryIO

from transom.config import ConfigError, Redaction, Settings
from transom.process import end_with_parent, harden, where
from transom.redact.frames import (
    LENGTH_BYTES,
    Answer,
    Failed,
    ReadAgain,
    Ready,
    Redacted,
    Request,
    Start,
    Teach,
    WasRead,
    encode_redacted,
    frame,
    pieces,
    requests,
)
from transom.redact.problems import ModelMismatch
from transom.redact.redactor import Redactor
from transom.secret import Secret


def main() -> None:
    """Serve until the pipe closes."""
    end_with_parent()
    harden()
    keep_silent()
    source, sink = sys.stdin.buffer, _take_stdout()
    redactor = None
    while payload := _read(source):
        message = requests.decode(payload)
        if isinstance(message, Start):
            redactor, answer = _start(message)
        elif redactor is None:
            return
        else:
            answer = _answer(redactor, message)
        sink.write(frame(answer))
        sink.flush()


def keep_silent() -> None:
    """No library may print what it reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.excepthook = lambda _type, error, _trace: print(f"redaction process: {where(error)}", file=sys.stderr)


def _take_stdout() -> BinaryIO:
    """Standard output for the answers alone: what a library prints goes nowhere."""
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return sink


def _read(source: BinaryIO) -> bytes | None:
    header = source.read(LENGTH_BYTES)
    if len(header) < LENGTH_BYTES:
        return None
    size = int.from_bytes(header)
    payload = source.read(size)
    return payload if len(payload) == size else None


def _start(start: Start) -> tuple[Redactor | None, Answer]:
    settings = Settings.model_construct(redaction=Redaction.model_validate_json(start.settings))
    try:
        redactor = Redactor(settings, Secret(start.secret))
        redactor.warm_up()
        # What is loaded now stays: the collector needn't look through it again with each request.
        gc.freeze()
        return redactor, Ready()
    except (ConfigError, ModelMismatch) as error:
        return None, Ready(problem=str(error))
    except Exception as error:
        return None, Ready(problem=where(error))


def _answer(redactor: Redactor, request: Request) -> Answer:
    try:
        if isinstance(request, Teach):
            redactor.teach(request.rules)
            return Ready()
        if isinstance(request, ReadAgain):
            return _read_again(redactor, request)
        asked = [pieces.decode(piece) for piece in request.pieces]
        return Redacted([encode_redacted(piece) for piece in redactor.redact_pieces(request.project_id, asked)])
    except Exception as error:
        return Failed(where(error))


def _read_again(redactor: Redactor, request: ReadAgain) -> Answer:
    try:
        return WasRead(redactor.read_again(request.project_id, request.profile, request.messages))
    except (ConfigError, ModelMismatch) as error:
        return Ready(problem=str(error))


if __name__ == "__main__":
    main()
