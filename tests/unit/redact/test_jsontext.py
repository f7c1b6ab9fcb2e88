"""JSON texts rewritten in place."""

from __future__ import annotations

import json

import pytest

from transom.redact.jsontext import Mark, Redacted, is_json, rewrite


def shout(text: str, key: str | None) -> Redacted:
    start = text.find("jane")
    if start < 0:
        return Redacted(text, [])
    return Redacted(text.replace("jane", "<PERSON:aaaa>", 1), [Mark(start, start + 13, "PERSON", "r")])


def keep(text: str, key: str | None) -> Redacted:
    return Redacted(text, [])


def run(text: str, number=keep) -> Redacted:
    return rewrite(text, shout, number, lambda key: key.replace("jane", "J"))


@pytest.mark.parametrize("text", ["{}", " [1]\n", '{"a": [1, "b"]}'])
def test_json(text):
    assert is_json(text)


@pytest.mark.parametrize("text", ["", "x", "1", '"a"', "{a}", "{'a': 1}", "[1", "[1] x", "[" * 100_000 + "]" * 100_000])
def test_not_json(text):
    assert not is_json(text)


def test_all_that_is_not_redacted_stays_to_the_byte():
    text = '{ "a" :1.10,\n\t"b": ["\\u00e9\\/", 1e400, 123456789012345678901234567890], "a": null }'
    assert run(text) == (text, [])


def test_values_and_keys_change():
    result = run('{"jane": "hi jane", "x": ["jane"]}')
    assert result.text == '{"J": "hi <PERSON:aaaa>", "x": ["<PERSON:aaaa>"]}'
    assert [result.text[m.start : m.end] for m in result.marks] == ["<PERSON:aaaa>"] * 2


def test_marks_count_the_escapes_before_them():
    result = run('["\\"\\n\\u0001 jane \\" jane"]')
    assert [result.text[m.start : m.end] for m in result.marks] == ["<PERSON:aaaa>"]
    assert json.loads(result.text) == ['"\n\x01 <PERSON:aaaa> " jane']


def test_a_number_that_changes_becomes_a_string():
    def hide(text: str, key: str | None) -> Redacted:
        return Redacted("<N:aaaa>", [Mark(0, 8, "N", "r")]) if key == "phone" else Redacted(text, [])

    assert run('{"phone": 123, "n": 456}', hide).text == '{"phone": "<N:aaaa>", "n": 456}'
