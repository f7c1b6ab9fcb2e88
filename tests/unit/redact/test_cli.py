"""The filter on standard input and output."""

from __future__ import annotations

import json

import pytest

from transom.config import ConfigError, Settings
from transom.redact.cli import UnreadableLine, redact_stream


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


@pytest.mark.parametrize("line", ["sesame", '{"sesame": 1}', '{"text": 1}', "[]", '{"text": "\udcff"}'])
def test_a_line_that_cannot_be_read_is_named_and_not_shown(secret, line):
    lines = ['{"text": "a"}\n', "\n", line + "\n"]
    with pytest.raises(UnreadableLine, match=r'^line 3: must be JSON that holds a text, as in {"text": "Hello"}$'):
        list(redact_stream(lines, Settings(), secret, "fast", spans=True))


def test_empty_lines_are_passed_over_and_empty_input_is_empty(secret):
    lines = ["\n", '{"text": ""}', "\n"]
    assert list(redact_stream(lines, Settings(), secret, "fast", spans=True)) == ['{"spans":[]}\n']
    assert list(redact_stream([], Settings(), secret, "fast", spans=True)) == []
    assert list(redact_stream([], Settings(), secret, "fast")) == [""]


def test_json_stays_json(secret):
    (text,) = redact_stream(['{"user": {"email": "a@b.co", "n": 1.50}}\n'], Settings(), secret, "fast")
    assert json.loads(text)["user"]["email"].startswith("<EMAIL_ADDRESS:")
    assert text.endswith('"n": 1.50}}\n')


def test_an_unknown_profile_is_told_with_those_that_there_are(secret):
    with pytest.raises(ConfigError, match=r"^redaction\.profile: .* has no `gone`, only .*fast"):
        list(redact_stream([], Settings(), secret, "gone"))
