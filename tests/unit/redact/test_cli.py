"""The filter on standard input and output."""

from __future__ import annotations

import json

import msgspec
import pytest

from transom.config import Settings
from transom.redact.cli import redact_stream


def test_text_is_redacted_as_a_whole(secret):
    lines = ["-----BEGIN PRIVATE KEY-----\n", "MIIE" * 8 + "\n", "-----END PRIVATE KEY-----\n", "bye\n"]
    (text,) = redact_stream(lines, Settings(), secret, "fast")
    assert text.startswith("<SECRET:")
    assert text.endswith(">\nbye\n")


def test_spans_come_a_line_each(secret):
    texts = [f"{'x' * n} a@b.co" for n in range(150)]
    lines = [json.dumps({"text": text, "other": 1}) + "\n" for text in texts]
    rows = [json.loads(line) for line in redact_stream(lines, Settings(), secret, "fast", spans=True)]
    assert rows == [{"spans": [{"entity": "EMAIL_ADDRESS", "start": n + 1, "end": n + 7}]} for n in range(150)]


def test_the_profile_is_the_settings_unless_given(secret):
    lines = [json.dumps({"text": "I met John Smith."})]
    assert "PERSON" in next(redact_stream(lines, Settings(), secret, spans=True))
    assert "PERSON" not in next(redact_stream(lines, Settings(), secret, "fast", spans=True))


def test_a_line_that_is_no_json_is_refused(secret):
    with pytest.raises(msgspec.DecodeError):
        list(redact_stream(["text\n"], Settings(), secret, "fast", spans=True))
