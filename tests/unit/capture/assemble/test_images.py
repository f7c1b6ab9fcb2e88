from transom.types import Usage

PATH = "/v1/images/generations"


def test_pictures_by_address_and_by_bytes(read):
    data = [{"url": "https://x.example/a.png?sig=secret", "revised_prompt": "A cat"}, {"b64_json": "AAAA"}]
    usage = {"input_tokens": 5, "output_tokens": 100, "input_tokens_details": {"text_tokens": 5}}
    exchange = read(PATH, {"model": "gpt-image-1", "prompt": "cat", "size": "1x1"}, {"data": data, "usage": usage})
    assert exchange.input_messages[0].parts == [{"type": "text", "content": "cat"}]
    assert [m.parts for m in exchange.output_messages] == [
        [{"type": "uri", "modality": "image", "uri": "https://x.example/a.png"}, {"type": "text", "content": "A cat"}],
        [{"type": "blob", "modality": "image", "mime_type": None, "content": "AAAA"}],
    ]
    assert exchange.usage == Usage(input_tokens=5, output_tokens=100, source="provider")
    assert exchange.params == {"size": "1x1"}


def test_a_stream_ends_with_the_picture(stream):
    partial = {"type": "image_generation.partial_image", "b64_json": "AA"}
    exchange = stream(PATH, {"prompt": "cat"}, partial, {"type": "image_generation.completed", "b64_json": "AAAA"})
    assert [m.parts[0]["content"] for m in exchange.output_messages] == ["AAAA"]
