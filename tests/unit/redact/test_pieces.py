"""Exchanges taken apart and put together."""

from __future__ import annotations

import msgspec

from transom.capture.exchange import Message, RawFeedback
from transom.config import Redaction
from transom.redact.pieces import (
    Piece,
    RedactedPiece,
    assemble_exchange,
    assemble_feedback,
    put_together,
    take_apart,
)
from transom.types import Cost, EntityHash, Json, Remark, Usage


def exchange_pieces(exchange, redaction: Redaction | None = None) -> list[Piece]:
    given = redaction or Redaction()
    return take_apart(lambda take: assemble_exchange(exchange, Usage(), Cost(), given, take))


def hide(value: Json) -> Json:
    """The value with `x` for every string."""
    if isinstance(value, str):
        return "x"
    if isinstance(value, list):
        return [hide(each) for each in value]
    return {key: hide(each) for key, each in value.items()} if isinstance(value, dict) else value


def talk(make_exchange, **more):
    parts = [{"type": "text", "content": "one"}, {"type": "text", "content": "two"}]
    return make_exchange(
        user_id="u",
        input_messages=[Message(role="user", parts=parts)],
        output_messages=[Message(role="assistant", parts=parts[:1], finish_reason="stop")],
        tools=[{"name": "f"}, {"name": "g"}],
        metadata={"a": "b"},
        error_message="oops",
        **more,
    )


def test_everything_put_in_place_is_what_was_made_of_the_pieces(make_exchange):
    exchange = talk(make_exchange)
    made = [RedactedPiece(hide(piece.value)) for piece in exchange_pieces(exchange)]
    redacted = put_together(lambda take: assemble_exchange(exchange, Usage(), Cost(), Redaction(), take), made)
    assert [hide(m.parts) for m in redacted.input_messages] == [m.parts for m in redacted.input_messages]
    assert (redacted.user_id, redacted.error_message, redacted.metadata) == ("x", "x", {"a": "x"})
    assert redacted.output_messages[0].finish_reason == "x"
    assert "two" not in str(msgspec.to_builtins(redacted))


def test_a_part_is_the_same_piece_in_an_answer_and_in_the_history(make_exchange):
    parts = [piece for piece in exchange_pieces(talk(make_exchange)) if piece.kind == "part"]
    assert parts[0] == parts[2] != parts[1]


def test_remarks_hashes_and_languages_are_those_of_all_pieces(make_exchange):
    remark = Remark(entity="A", start=1, end=2, recognizer="r", message=0, path=["content"])
    exchange = talk(make_exchange)
    made = [
        RedactedPiece(piece.value, [remark], [EntityHash("A", b"1")], ["bn"])
        if piece.kind == "part"
        else RedactedPiece(piece.value, [], [EntityHash("B", b"2")])
        for piece in exchange_pieces(exchange)
    ]
    redacted = put_together(lambda take: assemble_exchange(exchange, Usage(), Cost(), Redaction(), take), made)
    found = [r for m in redacted.input_messages + redacted.output_messages for r in m.remarks]
    assert [(r.message, r.path) for r in found] == [(0, [0, "content"]), (0, [1, "content"]), (1, [0, "content"])]
    assert redacted.entity_hashes == [EntityHash("A", b"1"), EntityHash("B", b"2")]
    assert redacted.names_unchecked == ["bn"]


def test_content_takes_the_profile_of_its_route_and_ids_that_of_their_project(make_exchange):
    redaction = Redaction(profile="logs", routes={"smart": "strict"})
    pieces = exchange_pieces(talk(make_exchange, route="smart"), redaction)
    assert {piece.profile for piece in pieces if piece.kind in ("id", "user", "session")} == {"logs"}
    assert {piece.profile for piece in pieces if piece.kind in ("part", "json", "definition")} == {"strict"}


def test_a_projects_profile_goes_before_its_routes(make_exchange):
    redaction = Redaction(profile="logs", routes={"smart": "strict"}, projects={"default": "fast"})
    assert {p.profile for p in exchange_pieces(talk(make_exchange, route="smart"), redaction)} == {"fast"}


def test_what_was_lost_is_not_looked_at(make_exchange):
    exchange = talk(make_exchange, content_lost="spool_full")
    assert not [piece for piece in exchange_pieces(exchange) if piece.kind == "part"]


def test_feedback_is_pieces_too_but_for_the_key_that_sent_it():
    raw = RawFeedback(
        id="f",
        project_id="default",
        key_id="k_1",
        created_at=1,
        target="session",
        target_id="s",
        name="n",
        author="k_1",
        comment="c",
        labels=["l"],
    )
    pieces = take_apart(lambda take: assemble_feedback(raw, Redaction(), take))
    assert [(piece.kind, piece.value) for piece in pieces] == [
        ("session", "s"),
        ("id", "n"),
        ("json", "c"),
        ("json", ["l"]),
    ]
