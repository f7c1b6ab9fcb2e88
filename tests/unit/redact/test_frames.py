"""What travels between the pool and its children."""

from __future__ import annotations

from transom.capture.exchange import Message
from transom.redact.frames import LENGTH_BYTES, RedactExchange, Start, frame, request_frame, requests
from transom.types import Cost, Usage


def test_a_frame_is_its_length_and_a_message():
    framed = frame(Start("{}", b"k"))
    assert int.from_bytes(framed[:LENGTH_BYTES]) == len(framed) - LENGTH_BYTES
    assert requests.decode(framed[LENGTH_BYTES:]) == Start("{}", b"k")


def test_what_msgpack_cannot_hold_travels_as_text(make_exchange):
    part = {"type": "other", "content": {"\ud800": ["\udfff", 2**70, -(2**70), 2**64 - 1]}}
    exchange = make_exchange(input_messages=[Message(role="user", parts=[part])])
    framed = request_frame(RedactExchange(exchange, Usage(), Cost()))
    decoded = requests.decode(framed[LENGTH_BYTES:])
    assert decoded.exchange.input_messages[0].parts[0]["content"] == {
        r"\ud800": [r"\udfff", str(2**70), str(-(2**70)), 2**64 - 1]
    }


def test_the_secret_is_in_no_repr():
    assert "sesame" not in repr(Start("{}", b"sesame"))
