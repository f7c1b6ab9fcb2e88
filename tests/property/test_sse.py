"""However a stream is cut into pieces, its events are the same."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transom.capture.sse import Event, SseParser, parse

LINES = st.sampled_from([b"data: a", b"data:b", b"event: e", b": note", b"id: 1", b"", b"", "data: €\u2028".encode()])
NEWLINES = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))
BODIES = st.lists(st.tuples(LINES, NEWLINES).map(b"".join), max_size=20).map(b"".join) | st.binary(max_size=200)


@given(BODIES, st.lists(st.integers(0, 300), max_size=10), st.booleans())
def test_pieces_of_any_size_give_the_same_events(body: bytes, cuts: list[int], with_bom: bool) -> None:
    body = b"\xef\xbb\xbf" + body if with_bom else body
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    parser = SseParser()
    events = [event for start, end in pairwise(edges) for event in parser.feed(body[start:end])]
    assert events + parser.close() == parse(body)


@given(st.lists(st.tuples(st.sampled_from(["", "ping"]), TEXTS)))
def test_what_is_written_is_read(written: list[tuple[str, str]]) -> None:
    named = [(f"event: {name}\n" if name else "") + f"data: {data}\n\n" for name, data in written]
    assert parse("".join(named).encode()) == [Event(name, data) for name, data in written]
