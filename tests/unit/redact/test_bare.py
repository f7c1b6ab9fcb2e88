"""Metadata alone."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from transom.capture.exchange import Message
from transom.redact.bare import bare
from transom.types import Attempt, Cost, Usage, metadata_only

OUTCOME = metadata_only("redaction_timeout")


def strip(exchange, secret):
    return bare(exchange, Usage(input_tokens=3), Cost(7), OUTCOME, secret)


def test_numbers_and_names_stay(make_exchange, secret):
    stripped = strip(make_exchange(model="gpt-4o-2024-08-06", response_id="chatcmpl-1", status_code=200), secret)
    assert (stripped.model, stripped.response_id, stripped.status_code) == ("gpt-4o-2024-08-06", "chatcmpl-1", 200)
    assert (stripped.usage.input_tokens, stripped.cost.picodollars, stripped.outcome) == (3, 7, OUTCOME)
    assert (stripped.method, stripped.path) == ("POST", "/v1/chat/completions")


HOSTILE = [
    "jane@example.com",
    "Jane Doe",
    "+14155552671",
    "a b",
    "\x00",
    "\ud800",
    "",
    "x" * 100_000,
    "sk-" + "a1" * 20,
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_content_stays_and_nothing_fails(make_exchange, secret, value):
    names = (
        *("model", "response_model", "response_id", "previous_response_id", "request_id"),
        *("error_type", "method", "path", "user_id"),
    )
    exchange = make_exchange(
        **dict.fromkeys((*names, "session_id", "app", "client_request_id", "error_message"), value),
        finish_reasons=[value],
        tags=[value],
        metadata={value: value},
        params={value: value},
        tools=[{value: value}],
        input_messages=[Message(role="user", parts=[{"type": "text", "content": value}])],
        attempts=[Attempt(provider="openai", status=500, error=value, duration_ms=1)],
    )
    stripped = strip(exchange, secret)
    assert msgspec.json.encode(stripped)
    assert all(getattr(stripped, name).startswith("h_") for name in (*names, "session_id", "app", "client_request_id"))
    assert stripped.finish_reasons[0].startswith("h_")
    assert not (stripped.tags or stripped.metadata or stripped.params or stripped.tools or stripped.input_messages)
    assert stripped.error_message is None


def test_people_are_hashed_even_where_their_ids_look_harmless(make_exchange, secret):
    stripped = strip(make_exchange(user_id="u1", session_id="u1"), secret)
    assert stripped.user_id == stripped.session_id
    assert stripped.user_id != "u1"


def test_it_loads_no_presidio():
    code = "import sys, transom.redact.bare; assert not {'spacy', 'presidio_analyzer'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
