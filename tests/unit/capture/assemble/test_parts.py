import pytest

from transom.capture.assemble.parts import read_parts, tool_call, tool_response

BLOCKS = [
    ({"type": "input_text", "text": "a"}, {"type": "text", "content": "a"}),
    ({"type": "text", "text": {"value": "a", "annotations": []}}, {"type": "text", "content": "a"}),
    ({"type": "refusal", "refusal": "no"}, {"type": "refusal", "content": "no"}),
    ({"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "reasoning", "content": "hm"}),
    (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
    ),
    (
        {"type": "input_image", "image_url": "https://x.example/a.png?X-Signature=s#f"},
        {"type": "uri", "modality": "image", "uri": "https://x.example/a.png"},
    ),
    ({"type": "input_image", "file_id": "file-1"}, {"type": "uri", "modality": "image", "uri": "file-1"}),
    (
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
        {"type": "uri", "modality": "image", "uri": "file-1"},
    ),
    (
        {"type": "video_url", "video_url": {"url": "https://x.example/v"}},
        {"type": "uri", "modality": "video", "uri": "https://x.example/v"},
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "AAAA"},
    ),
    (
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "blob", "modality": "file", "mime_type": "application/pdf", "content": "AAAA"},
    ),
    ({"type": "input_file", "file_id": "file-1"}, {"type": "uri", "modality": "file", "uri": "file-1"}),
    (
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "content": "AAAA"},
    ),
    ({"type": "document", "source": {"type": "text", "data": "a"}}, {"type": "text", "content": "a"}),
    (
        {"type": "document", "source": {"type": "url", "url": "https://x.example/d"}},
        {"type": "uri", "modality": "file", "uri": "https://x.example/d"},
    ),
    (
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        {"type": "tool_call", "id": "t", "name": "f", "arguments": {"a": 1}},
    ),
    (
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "ok"}]},
        {"type": "tool_call_response", "id": "t", "response": "ok"},
    ),
    ({"type": "invented", "x": 1}, {"type": "other", "content": {"type": "invented", "x": 1}}),
    ({"type": ["odd"]}, {"type": "other", "content": {"type": ["odd"]}}),
]


@pytest.mark.parametrize(("block", "part"), BLOCKS, ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_blocks(block, part):
    assert read_parts([block]) == [part]


def test_strings_single_blocks_and_nothing():
    assert read_parts("a") == read_parts(["a"]) == read_parts({"type": "text", "text": "a"})
    assert read_parts("") == read_parts(None) == read_parts([]) == read_parts([None]) == []


def test_arguments_are_parsed_where_they_are_json():
    assert tool_call("i", "f", '{"a": [1]}')["arguments"] == {"a": [1]}
    assert tool_call("i", "f", '{"a": [1')["arguments"] == '{"a": [1'
    assert tool_call(None, None, None) == {"type": "tool_call", "id": None, "name": "", "arguments": None}


def test_responses_that_are_not_only_text_stay_as_they_are():
    image = [{"type": "text", "text": "a"}, {"type": "image", "source": {}}]
    assert tool_response("t", image)["response"] == image
