"""What travels between the pool and its children."""

from __future__ import annotations

import msgspec
import pytest

from transom.redact.frames import (
    LENGTH_BYTES,
    ReadAgain,
    RedactPieces,
    Start,
    WasRead,
    answers,
    encode_piece,
    encode_redacted,
    frame,
    pieces,
    redacted_pieces,
    requests,
)
from transom.redact.pieces import Piece, RedactedPiece
from transom.types import EntityHash, Miss, Remark, Residual


def test_a_frame_is_its_length_and_a_message():
    framed = frame(Start("{}", b"k"))
    assert int.from_bytes(framed[:LENGTH_BYTES]) == len(framed) - LENGTH_BYTES
    assert requests.decode(framed[LENGTH_BYTES:]) == Start("{}", b"k")


def test_pieces_travel_as_they_were_encoded():
    piece = Piece("json", "fast", {"a": [1, None]})
    decoded = requests.decode(frame(RedactPieces("default", [msgspec.Raw(encode_piece(piece))]))[LENGTH_BYTES:])
    assert [pieces.decode(each) for each in decoded.pieces] == [piece]


def test_what_was_made_of_a_piece_comes_back_whole():
    remark = Remark(entity="A", start=0, end=3, recognizer="r", message=0, path=["content", 1])
    made = RedactedPiece({"type": "text"}, [remark], [EntityHash("A", b"h" * 16)], ["bn"])
    assert redacted_pieces.decode(encode_redacted(made)) == made


def test_a_sample_travels_with_the_numbers_of_its_messages():
    asked = ReadAgain("default", "fast", {3: [{"type": "text", "content": "well"}]})
    assert requests.decode(frame(asked)[LENGTH_BYTES:]) == asked
    read = WasRead([Residual(3, "fast", "en", [Miss("PERSON", [0, "content"], 1, 5)])])
    assert answers.decode(frame(read)[LENGTH_BYTES:]) == read


def test_what_msgpack_cannot_hold_travels_as_text():
    piece = Piece("json", "fast", {"\ud800": ["\udfff", 2**70, -(2**70), 2**64 - 1]})
    assert pieces.decode(encode_piece(piece)).value == {r"\ud800": [r"\udfff", str(2**70), str(-(2**70)), 2**64 - 1]}


def test_what_is_nested_too_deeply_is_refused():
    tree: list = []
    for _ in range(100_000):
        tree = [tree]
    with pytest.raises(RecursionError):
        encode_piece(Piece("json", "fast", tree))


def test_neither_the_secret_nor_content_is_in_a_repr():
    assert "sesame" not in repr(Start("{}", b"sesame"))
    assert "sesame" not in repr(Piece("json", "fast", "sesame"))
