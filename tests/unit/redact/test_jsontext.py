"""JSON texts rewritten in place."""

from __future__ import annotations

import json
import time

import pytest

from transom.redact.jsontext import Mark, Output, Redacted, is_json, json_ranges, rewrite


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


def test_a_value_stands_under_its_own_key_only():
    seen: list[tuple[str, str | None]] = []

    def note(text: str, key: str | None) -> Redacted:
        seen.append((text, key))
        return Redacted(text, [])

    rewrite('{"a": ["1", {"b": "2", "c": [3]}, "4"], "d": {}, "e": "5"}', note, note, lambda key: key)
    assert seen == [("1", "a"), ("2", "b"), ("3", "c"), ("4", "a"), ("5", "e")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('12:01 INFO got {"a": {"b": "}"}} and ["x"] too', ['{"a": {"b": "}"}}', '["x"]']),
        ('```json\n[\n  {"a": 1}\n]\n```', ['[\n  {"a": 1}\n]']),
        ('cut {"a": {"b": 1}, "c": "', ['{"b": 1}']),
        ('{"a": 1}\n{"a": 2}\n', ['{"a": 1}', '{"a": 2}']),
        ('a " quote {"a": 1}', ['{"a": 1}']),
        ('["1" + "2"] {x: "y"} [1, 2] [link](url) {}', []),
        ("no brackets", []),
        ('os.environ["A"] = rows[0]["b"] + f()["c"]', []),
        ('rows[{"a": 1}]', ['{"a": 1}']),
        ('{"n": ' + "9" * 5000 + "}", ['{"n": ' + "9" * 5000 + "}"]),
    ],
)
def test_json_within_text(text, found):
    assert [text[start:end] for start, end in json_ranges(text)] == found


@pytest.mark.parametrize(
    "hostile",
    ['{"', '["', '{"a":', '[["', '{"a":["', "[[[[", '{"a" ', '["' + "x" * 100, '{"a":{"', '["a",['],
)
def test_the_search_for_json_is_linear(hostile):
    text = (hostile * 65_536)[:65_536]
    began = time.process_time()
    list(json_ranges(text))
    assert time.process_time() - began < 3


def test_pieces_of_text_keep_their_marks():
    output = Output()
    output.copy("ab ")
    output.add(Redacted("<A>c", [Mark(0, 3, "A", "r")]))
    output.string(Redacted('"<B>', [Mark(1, 4, "B", "r")]))
    result = output.redacted()
    assert result.text == 'ab <A>c"\\"<B>"'
    assert [result.text[m.start : m.end] for m in result.marks] == ["<A>", "<B>"]
