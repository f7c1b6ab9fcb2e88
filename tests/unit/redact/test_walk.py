"""Walks over parts and JSON. The rules here put `#` for `jane` in texts and `@` in ids."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from transom.redact.jsontext import Mark, Redacted
from transom.redact.placeholders import Placeholders
from transom.redact.walk import Walk, count_chars


class Hash:
    placeholders = Placeholders(b"k", plain=True)

    def leaf(self, text: str, key: str | None) -> Redacted:
        start = text.find("jane")
        marks = [] if start < 0 else [Mark(start, start + 1, "PERSON", "r")]
        return Redacted(text.replace("jane", "#"), marks)

    def ident(self, text: str) -> str:
        return text.replace("jane", "@")

    def number(self, text: str, key: str | None) -> Redacted:
        return Redacted("#", [Mark(0, 1, "N", "r")]) if key == "ssn" else Redacted(text, [])


def part(part: dict[str, Any]) -> dict[str, Any]:
    return Walk(Hash()).part(part)


@pytest.mark.parametrize(
    ("given", "redacted"),
    [
        ({"type": "text", "content": "hi jane"}, {"type": "text", "content": "hi #"}),
        ({"type": "reasoning", "content": "jane"}, {"type": "reasoning", "content": "#"}),
        ({"type": "refusal", "content": "jane"}, {"type": "refusal", "content": "#"}),
        (
            {"type": "tool_call", "id": "jane", "name": "find_jane", "arguments": {"who": ["jane", 1, None], "ssn": 5}},
            {"type": "tool_call", "id": "@", "name": "find_@", "arguments": {"who": ["#", 1, None], "ssn": "#"}},
        ),
        (
            {"type": "tool_call", "id": None, "name": "f", "arguments": '{"who": "jane'},
            {"type": "tool_call", "id": None, "name": "f", "arguments": '{"who": "#'},
        ),
        (
            {"type": "tool_call_response", "id": "1", "response": '{"n": "jane",  "b": "[\\"jane\\"]", "ssn": 1}'},
            {"type": "tool_call_response", "id": "1", "response": '{"n": "#",  "b": "[\\"#\\"]", "ssn": "#"}'},
        ),
        ({"type": "other", "content": {"jane": {"deep": "jane"}}}, {"type": "other", "content": {"@": {"deep": "#"}}}),
        ({"type": "invented", "x": "jane", "y": True}, {"type": "invented", "x": "#", "y": True}),
    ],
)
def test_every_string_of_a_part_is_redacted(given, redacted):
    assert part(given) == redacted


def test_blobs_keep_size_and_digest_only():
    content = base64.b64encode(b"x" * 10).decode()
    redacted = part({"type": "blob", "modality": "image", "mime_type": "image/png", "content": content})
    digest = redacted.pop("digest")
    assert redacted == {"type": "blob", "modality": "image", "mime_type": "image/png", "size": 10}
    assert len(digest) == 32
    assert digest not in (content, part({"type": "blob", "modality": "image", "content": "other"})["digest"])


def test_data_uris_are_blobs():
    redacted = part({"type": "uri", "modality": "image", "uri": "data:image/gif;base64,AAAA"})
    assert redacted["type"] == "blob"
    assert (redacted["mime_type"], redacted["size"]) == ("image/gif", 3)
    assert "uri" not in redacted


@pytest.mark.parametrize(
    ("uri", "redacted"),
    [
        ("https://u:pw@example.com/a/jane.png?sig=1#x", "https://example.com/a/@.png?<URL>"),
        ("https://example.com/a", "https://example.com/a"),
        ("gs://bucket/jane", "gs://bucket/@"),
        ("file-jane", "file-@"),
        ("https://[bad", "<URL>"),
        ("https://example.com/4\n2", "<URL>"),
    ],
)
def test_uris_lose_credentials_and_queries(uri, redacted):
    assert part({"type": "uri", "modality": "image", "uri": uri})["uri"] == redacted


def test_remarks_say_where():
    walk = Walk(Hash())
    walk.part({"type": "other", "content": {"jane": ["jane"]}})
    (remark,) = walk.remarks
    assert (remark.path, remark.start, remark.end) == (["content", "@", 0], 0, 1)


def test_names_in_tools_are_identifiers():
    tool = {
        "type": "function",
        "function": {"name": "ask_jane", "description": "asks jane", "parameters": {"jane": {}}},
    }
    assert Walk(Hash(), definitions=True).value([tool], [], None) == [
        {"type": "function", "function": {"name": "ask_@", "description": "asks #", "parameters": {"@": {}}}}
    ]


def test_keys_that_become_equal_stay_apart():
    assert Walk(Hash()).value({"jane": 1, "@": 2}, [], None) == {"@": 1, "@_2": 2}


def test_unstorable_characters_are_spelt_out():
    assert part({"type": "text", "content": "a\x00\ud800"})["content"] == r"a\u0000\ud800"
    assert Walk(Hash()).value({"\x00": "\x00"}, [], None) == {r"\u0000": r"\u0000"}


def test_json_in_json_in_json_is_read_and_then_text():
    text = "jane"
    for _ in range(5):
        text = json.dumps([text])
    assert "jane" not in Walk(Hash()).value(text, [], None)


def test_blobs_do_not_count_as_characters():
    assert count_chars([{"type": "text", "content": "abc"}]) == len("typetextcontentabc")
    assert count_chars([{"type": "blob", "content": "x" * 100}, None, 5]) == 0
    assert count_chars({"uri": "data:image/png;base64,AAAA", "data": "A" * 200}) == len("uridata")


@pytest.mark.parametrize(
    ("given", "redacted"),
    [
        ('12:01 saved {"jane": "x jane", "ssn": 5} for jane', '12:01 saved {"@": "x #", "ssn": "#"} for #'),
        ('```json\n{"who": "jane"}\n```', '```json\n{"who": "#"}\n```'),
        ('{"who": "jane"}\n{"who": "jane", "n": 1.50}\n', '{"who": "#"}\n{"who": "#", "n": 1.50}\n'),
        ('calls f(["jane"]), jane', 'calls f(["#"]), #'),
    ],
)
def test_json_within_a_text_stays_json(given, redacted):
    assert part({"type": "text", "content": given})["content"] == redacted


def test_remarks_of_json_within_a_text_say_where():
    walk = Walk(Hash())
    text = walk.value('jane: {"a": "\\njane"} jane', [], None)
    assert [text[remark.start : remark.end] for remark in walk.remarks] == ["#", "#", "#"]
    assert [remark.start for remark in walk.remarks] == [0, 12, 16]


def test_what_a_telling_key_takes_whole_is_not_read_as_json():
    class Keys(Hash):
        def leaf(self, text: str, key: str | None) -> Redacted:
            return Redacted("<SECRET>", []) if key == "password" else Redacted(text, [])

    assert Walk(Keys()).value({"password": '["a", "b"]'}, [], None) == {"password": "<SECRET>"}


SCREENSHOT = base64.b64encode(bytes(range(256))).decode()


@pytest.mark.parametrize(
    ("block", "path", "mime_type"),
    [
        ({"source": {"type": "base64", "media_type": "image/png", "data": SCREENSHOT}}, ["source", "data"], None),
        ({"image_url": {"url": f"data:image/png;base64,{SCREENSHOT}"}}, ["image_url", "url"], "image/png"),
        ({"type": "image", "data": SCREENSHOT, "mimeType": "image/png"}, ["data"], None),
        ({"inline_data": {"mime_type": "image/png", "data": SCREENSHOT}}, ["inline_data", "data"], None),
        ({"type": "input_audio", "input_audio": {"data": SCREENSHOT}}, ["input_audio", "data"], None),
    ],
)
def test_bytes_in_a_tools_result_are_summed_up(block, path, mime_type):
    kept = part({"type": "tool_call_response", "id": "1", "response": [block]})
    found = kept["response"][0]
    for step in path:
        found = found[step]
    assert (found["type"], found["mime_type"], found["size"]) == ("blob", mime_type, 256)
    assert SCREENSHOT not in json.dumps(kept)
    assert part(kept) == kept


@pytest.mark.parametrize(
    "given",
    [
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": SCREENSHOT},
        {"type": "uri", "modality": "image", "uri": "https://u:pw@example.com/a.png?sig=1#x"},
        {"type": "uri", "modality": "image", "uri": "data:image/gif;base64,AAAA"},
    ],
)
def test_what_was_kept_of_a_part_stays(given):
    once = part(given)
    assert part(once) == once
