from __future__ import annotations

from typing import Any

import pytest

from tests.unit.admin.seeds import HOSTILE, PERSON
from transom.admin.chat import LONG_CHARS, Part, as_json, tools, turns
from transom.admin.marks import Marks


def message(*parts: dict[str, Any], role: str = "assistant", **fields: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts), "name": None, "finish_reason": None, **fields}


def shown(part: dict[str, Any]) -> Part:
    return turns([message(part)], Marks())[0].parts[0]


@pytest.mark.parametrize("kind", ["text", "reasoning", "refusal"])
def test_plain_parts(kind: str):
    part = shown({"type": kind, "content": f"Hello {PERSON}"})
    assert (part.kind, part.code, part.long) == (kind, False, False)
    assert "Person 1</mark>" in part.text


def test_a_tool_call_and_its_result_bear_the_name_of_the_tool():
    call = {"type": "tool_call", "id": "c1", "name": "find", "arguments": {"name": "বাংলা"}}
    result = {"type": "tool_call_response", "id": "c1", "response": "nothing"}
    asked, told = turns([message(call), message(result, role="tool")], Marks())
    assert (asked.parts[0].kind, asked.parts[0].title, asked.parts[0].code) == ("call", "find", True)
    assert "বাংলা" in asked.parts[0].text
    assert (told.parts[0].kind, told.parts[0].title, told.parts[0].text) == ("result", "find", "nothing")


def test_a_result_whose_call_is_not_there_bears_its_id():
    assert shown({"type": "tool_call_response", "id": "c9", "response": "x"}).title == "c9"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "A" * 4000},
            "Image · image/png · 2.9 KB",
        ),
        ({"type": "blob", "modality": "file", "mime_type": None, "content": "<IMAGE:k7qx>"}, "File"),
        ({"type": "blob"}, "File"),
        ({"type": "uri", "modality": "image", "uri": "https://x.test/<a>"}, "Image · https://x.test/&lt;a&gt;"),
    ],
)
def test_blobs_are_described_not_shown(part: dict[str, Any], text: str):
    assert (shown(part).kind, str(shown(part).text)) == ("blob", text)


@pytest.mark.parametrize("part", [{"type": "other", "content": [1]}, {"type": "new"}, {"type": "text"}, {"odd": 1}])
def test_what_nobody_knows_is_shown_as_json(part: dict[str, Any]):
    assert (shown(part).kind, shown(part).code) == ("other", True)


def test_long_text_scrolls():
    assert shown({"type": "text", "content": "x" * (LONG_CHARS + 1)}).long


def test_turns_name_their_speakers():
    found = turns([message(role="user"), message(role="weird", name=HOSTILE, trace_id="t1")], Marks())
    assert [(turn.role, turn.speaker) for turn in found] == [("user", "User"), ("other", "weird")]
    assert "<script>" not in str(found[1].name)
    assert found[1].trace_id == "t1"


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ({"type": "function", "function": {"name": "find"}}, "find"),
        ({"name": "find", "input_schema": {}}, "find"),
        ({"type": "web_search"}, "web_search"),
        ({"function": "odd"}, "tool"),
    ],
)
def test_tools(definition: dict[str, Any], name: str):
    assert [part.title for part in tools([definition], Marks())] == [name]


def test_json_keeps_every_script():
    assert as_json({"a": "বাংলা"}) == '{\n  "a": "বাংলা"\n}'
