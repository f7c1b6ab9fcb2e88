"""Recorded traffic with providers, understood as the product understands it.

Test cassettes of https://github.com/traceloop/openllmetry (Apache 2.0), from `../shared/recorded`.
"""

from __future__ import annotations

import json
from functools import cache

from tests.providers.recorded import FILE, to_capture
from transom.capture.assemble import assemble
from transom.capture.exchange import Exchange, Message

TEXTUAL = {"text", "reasoning", "refusal", "tool_call", "tool_call_response"}


@cache
def conversations() -> list[list[Message]]:
    """The messages of each exchange, no two alike; of those that are made of text and tools alone."""
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    exchanges = [assemble(to_capture(row)) for row in rows]
    told = {_identity(one): one.input_messages + one.output_messages for one in exchanges if _is_textual(one)}
    return list(told.values())


def texts() -> list[str]:
    """The texts of all of them, no two alike."""
    contents = (
        part["content"] for one in conversations() for message in one for part in message.parts if "content" in part
    )
    return list(dict.fromkeys(content for content in contents if isinstance(content, str)))


def _identity(one: Exchange) -> str:
    return json.dumps([message.parts for message in one.input_messages])


def _is_textual(one: Exchange) -> bool:
    messages = one.input_messages + one.output_messages
    return bool(one.input_messages) and all(part["type"] in TEXTUAL for message in messages for part in message.parts)
