"""What the server keeps out of the log. That it serves and drains: tests/integration/test_translation.py."""

from __future__ import annotations

import logging

from transom.translate.app import CutOff
from transom.translate.server import _is_news


def record(error: Exception | None) -> logging.LogRecord:
    found = (type(error), error, None) if error else None
    return logging.LogRecord("uvicorn.error", logging.ERROR, "x.py", 1, "x", None, found)


def test_a_stream_that_was_cut_on_purpose_is_no_news():
    assert not _is_news(record(CutOff()))
    assert _is_news(record(ValueError()))
    assert _is_news(record(None))
