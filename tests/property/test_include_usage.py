"""What a provider adds when asked for the usage is taken out to the byte, however the stream is cut into pieces."""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transom.gateway.include_usage import UsageFilter, ask

NAMES = st.text(max_size=6).filter(lambda name: name not in ("usage", "stream", "stream_options"))
TEXTS = st.text(max_size=12) | st.sampled_from(['"usage":null', ',"usage":null}', "usage", '{"choices":[]}', "\r\n\n"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("usage"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")])
NEWLINES = st.sampled_from([b"\n", b"\r\n", b"\r"])
OTHERS = st.sampled_from(
    [[b"data: [DONE]"], [b": ping"], [b"event: e", b"data: {"], [b"retry: 3"], [], [b'data: {"usage":', b"data: null}"]]
)
FRAGMENTS = st.sampled_from(
    [b"data: ", b'{"a":1', b',"usage":null', b'"usage"', b"}", b"\n", b"\r", b"\n\n", b": c", b"event: x", "é".encode()]
)
CUTS = st.lists(st.integers(0, 3000), max_size=12)


class Style:
    """How a provider writes: JSON's separators, whether it escapes, the line ends, and the space after `data:`."""

    def __init__(self, separators: tuple[str, str], ascii_only: bool, newline: bytes, space: bytes) -> None:
        self.separators, self.ascii_only, self.newline, self.space = separators, ascii_only, newline, space

    def event(self, lines: list[bytes]) -> bytes:
        return b"".join(line + self.newline for line in [*lines, b""])

    def chunk(self, members: dict[str, Any]) -> bytes:
        text = json.dumps(members, separators=self.separators, ensure_ascii=self.ascii_only)
        return self.event([b"data:" + self.space + text.encode()])


STYLE = st.builds(Style, STYLES, st.booleans(), NEWLINES, st.sampled_from([b"", b" "]))


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A stream, and the same one from a provider that was asked for the usage."""
    style = draw(STYLE)
    plain, asked = [], []
    for item in draw(st.lists(OBJECTS | OTHERS, max_size=6)):
        if isinstance(item, list):
            plain.append(style.event(item))
            asked.append(style.event(item))
            continue
        members = list(({"id": "c"} | item).items())
        place = draw(st.integers(0, len(members)))
        plain.append(style.chunk(dict(members)))
        asked.append(style.chunk(dict([*members[:place], ("usage", None), *members[place:]])))
    usage = style.chunk({"id": "c", "choices": [], "usage": {"total_tokens": 3, "details": {"cached": 0}}})
    asked.insert(draw(st.integers(0, len(asked))), usage)
    return b"".join(plain), b"".join(asked)


def cut(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(body)) for place in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def filtered(pieces: list[bytes]) -> bytes:
    stream = UsageFilter()
    return b"".join([*map(stream.feed, pieces), stream.end()])


@given(streams(), CUTS)
def test_what_asking_adds_is_taken_out_to_the_byte(stream: tuple[bytes, bytes], cuts: list[int]):
    plain, asked = stream
    assert filtered(cut(asked, cuts)) == plain
    assert filtered([bytes([byte]) for byte in asked]) == plain


@given(streams(), CUTS)
def test_a_stream_without_usage_passes_untouched(stream: tuple[bytes, bytes], cuts: list[int]):
    plain, _ = stream
    assert filtered(cut(plain, cuts)) == plain


@given(st.lists(FRAGMENTS, max_size=30).map(b"".join) | st.binary(max_size=60), CUTS)
def test_any_split_of_any_bytes_gives_the_same(body: bytes, cuts: list[int]):
    assert filtered(cut(body, [place % (len(body) + 1) for place in cuts])) == filtered([body])


@given(streams(), CUTS)
def test_a_whole_event_has_gone_out_with_its_last_byte(stream: tuple[bytes, bytes], cuts: list[int]):
    _, asked = stream
    under_way, got = UsageFilter(), b""
    for piece, come in zip(cut(asked, cuts), accumulate(cut(asked, cuts)), strict=True):
        got += under_way.feed(piece)
        if come.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")):
            assert got == filtered([come])


@given(OBJECTS, OBJECTS | st.none(), STYLES, st.booleans())
def test_a_request_gains_one_member_and_keeps_every_byte(
    content: dict[str, Any], options: dict[str, Any] | None, separators: tuple[str, str], given_options: bool
):
    content |= {"stream": True} | ({"stream_options": options} if given_options else {})
    body = json.dumps(content, separators=separators).encode()
    asked = ask(body)
    assert asked is not None
    wanted = {"include_usage": True}
    assert json.loads(asked) == content | {"stream_options": (options or {} if given_options else {}) | wanted}
    added = json.dumps(wanted, separators=(",", ":")).encode()
    if not given_options:
        assert asked.replace(b',"stream_options":' + added, b"") == body
    assert ask(asked) is None
