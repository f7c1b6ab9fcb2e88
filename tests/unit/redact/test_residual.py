"""Redacted messages, read again."""

from __future__ import annotations

import json

import pytest

from transom.config import ConfigError
from transom.types import Residual, TaughtRule


def text(content: object) -> list[dict]:
    return [{"type": "text", "content": content}]


def at(parts: list[dict], miss) -> str:
    """What stands where something was missed."""
    value = parts
    for step in miss.path:
        value = value[step]
    return value[miss.start : miss.end]


def read(redactor, parts: list[dict], profile: str = "fast") -> Residual:
    (residual,) = redactor.read_again("default", profile, {3: parts})
    return residual


def test_what_only_the_strict_profile_finds_is_a_miss(fast):
    parts = text("Yesterday I met John Smith in the park.")
    residual = read(fast, parts)
    assert (residual.message, residual.profile, residual.language) == (3, "fast", "en")
    assert ("PERSON", "John Smith") in [(miss.entity, at(parts, miss)) for miss in residual.misses]


def test_placeholders_are_no_misses(fast):
    assert read(fast, text("I met <PERSON:k7qx> at the park with <EMAIL_ADDRESS:aaaa>.")).misses == []


def test_kinds_that_the_profile_leaves_alone_are_no_misses(logs):
    parts = text("It was on March 3, 2021 that John Smith came.")
    assert "DATE_TIME" not in {miss.entity for miss in read(logs, parts, "logs").misses}


def test_each_text_is_found_at_its_path(fast):
    inner = json.dumps({"note": 'He said "hello", then "John Smith" left.\n', "by": ["Mary Johnson said so"]})
    parts = [
        {"type": "text", "content": "nothing here"},
        {"type": "tool_call", "id": "1", "name": "f", "arguments": {"who": ["I met John Smith in the park."]}},
        {"type": "tool_call_response", "id": "1", "response": inner},
    ]
    found = {(miss.path[0], at(parts, miss)) for miss in read(fast, parts).misses if miss.entity == "PERSON"}
    assert {(1, "John Smith"), (2, "John Smith"), (2, "Mary Johnson")} <= found


def test_json_with_escapes_of_its_own_is_named_as_a_whole(fast):
    written = r'{"note": "\u0048ello, I met John Smith in the park."}'
    parts = text(written)
    assert {at(parts, miss) for miss in read(fast, parts).misses if miss.entity == "PERSON"} == {written}


def test_ids_keys_and_numbers_are_left_out(fast):
    parts = [{"type": "tool_call", "id": "John Smith", "name": "f", "arguments": {"Mary Johnson": 4111111111111111}}]
    assert read(fast, parts).misses == []


def test_what_reviewers_taught_counts(make_redactor):
    redactor, parts = make_redactor(profile="fast"), text("Yesterday I met John Smith in the park.")
    rule = TaughtRule(id="1", project_id="default", kind="wrong", entity="PERSON", text="John Smith")
    redactor.teach([rule])
    assert [miss for miss in read(redactor, parts).misses if miss.entity == "PERSON"] == []


def test_many_messages_at_once(fast):
    messages = {0: text("John Smith came by."), 5: text("nobody came"), 7: []}
    found = fast.read_again("default", "fast", messages)
    assert [(each.message, bool(each.misses)) for each in found] == [(0, True), (5, False), (7, False)]


def test_without_a_strict_profile_nothing_is_read(make_redactor, tmp_path):
    file = tmp_path / "redaction.yaml"
    file.write_text("profiles:\n  fast: {threshold: 0.5}\n")
    with pytest.raises(ConfigError, match="no `strict`"):
        read(make_redactor(profile="fast", file=file), text("John Smith"))
