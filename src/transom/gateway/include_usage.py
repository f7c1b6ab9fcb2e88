"""Asks an OpenAI stream for its usage, and gives the client the stream as it would have been without asking.

With `stream_options.include_usage` OpenAI sends one chunk more, whose `choices` are empty, and gives every other chunk
a member `"usage":null` (API reference, "Create chat completion", `stream_options`). Both are taken out again. That
gives back the exact bytes only where a provider does no more than this when asked. Known as of 2026 for
`/chat/completions`, from recorded traffic, documentation and published source:

- OpenAI does. So does Azure, which refuses to be asked in older `api-version`s; and Ollama.
- vLLM moves `system_fingerprint` from its last choice to the usage chunk when it is asked.
- Mistral refuses to be asked (422). Groq (`x_groq.usage`), Mistral and OpenRouter report usage unasked, and that stays.
- Gemini gives usage in chunks that have choices. DeepSeek and Together are not known well enough.

On `/completions` Ollama writes zeros when asked, and older vLLM `"usage":null` unasked: only chat is to be asked.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from transom.gateway.rewrite import append_member, member_names, put_member, remove_member

LONGEST_EVENT = 2**20
"""Bytes of one event. A stream with a longer one passes as it is from there on: so much and no more is held back."""

_ASKED = b'{"include_usage":true}'
_UNREADABLE = (ValueError, RecursionError)  # msgspec raises ValueErrors


class _Wish(msgspec.Struct):
    stream: bool = False
    stream_options: Raw | UnsetType = UNSET


class _Options(msgspec.Struct):
    include_usage: bool | None = None


class _Chunk(msgspec.Struct):
    usage: dict[str, Raw] | UnsetType | None = UNSET
    choices: list[Raw] | None = None


_read_wish = msgspec.json.Decoder(_Wish).decode
_read_options = msgspec.json.Decoder(_Options | None).decode
_read_chunk = msgspec.json.Decoder(_Chunk).decode


def ask(body: bytes) -> bytes | None:
    """`body` with `stream_options.include_usage` true and every other byte as it was; None where that isn't to be.

    That is where the request is not for a stream, where the caller itself asks for the usage, and where the body is
    no JSON, or JSON that two readers could understand in two ways.
    """
    try:
        wish = _read_wish(body)
        if not wish.stream or not _is_unambiguous(body, wish):
            return None
        if wish.stream_options is UNSET:
            return append_member(body, "stream_options", _ASKED)
        return _ask_within(body, bytes(wish.stream_options))
    except _UNREADABLE:
        return None


def _ask_within(body: bytes, options: bytes) -> bytes | None:
    known = _read_options(options)
    if known is None:
        return put_member(body, "stream_options", _ASKED)
    if known.include_usage:
        return None
    return put_member(body, "stream_options", put_member(options, "include_usage", b"true"))


def _is_unambiguous(body: bytes, wish: _Wish) -> bool:
    """Whether `stream` and `stream_options` stand there once. What lies deeper may have these names too."""
    expected = 1 if wish.stream_options is UNSET else 2
    if body.count(b'"stream') == expected:
        return True
    names = member_names(body)
    return names.count("stream") == 1 and names.count("stream_options") == expected - 1


class UsageFilter:
    """Takes out of a stream what `ask` brought into it. A whole event is never held back, a begun one is.

    A piece is nearly always one whole event, or a few, of one line each: they go the short way through `feed`.
    """

    def __init__(self) -> None:
        self._event: list[bytes] = []
        self._line = bytearray()
        self._held = 0
        self._between = True
        self._after_cr = False
        self._removed = False
        self._given_up = False

    def feed(self, piece: bytes) -> bytes:
        """What can go to the client now that this piece of the provider's stream has come; perhaps nothing."""
        if self._between and piece.endswith(b"\n\n"):
            if piece.rfind(b'"usage"') < 0:
                return piece
            lines = piece.splitlines(keepends=True)
            if len(lines) == 2:
                return _edited(piece)
            if len(lines) % 2 == 0 and lines[1::2] == [b"\n"] * (len(lines) // 2):
                return b"\n".join([*filter(None, map(_edited, lines[::2])), b""])
        return piece if self._given_up else self._feed_lines(piece)

    def end(self) -> bytes:
        """What is left when the stream has ended: an event that was never finished."""
        rest = [*self._event, bytes(self._line)]
        self._event, self._line = [], bytearray()
        return _without_usage(rest)

    def _feed_lines(self, piece: bytes) -> bytes:
        """Any piece: lines may end in LF, CR or CRLF (WHATWG HTML §9.2.5), and a CRLF may be cut in two."""
        if not piece:
            return b""
        out = []
        if self._after_cr and piece.startswith(b"\n"):
            out.append(self._second_half())
            piece = piece[1:]
        self._after_cr = piece.endswith(b"\r")
        self._line += piece
        self._held += len(piece)
        if b"\n" in piece or b"\r" in piece:
            lines = self._line.splitlines(keepends=True)
            self._line = bytearray() if lines[-1].endswith((b"\n", b"\r")) else lines.pop()
            out += [self._take(bytes(line)) for line in lines]
        self._between = not self._line and not self._event and not self._after_cr
        return b"".join(out) if self._held <= LONGEST_EVENT else b"".join([*out, *self._give_up()])

    def _second_half(self) -> bytes:
        """The LF of a CRLF, after the CR was taken for a line's end: it goes where that went."""
        if self._event:
            self._event[-1] += b"\n"
            return b""
        return b"" if self._removed else b"\n"

    def _take(self, line: bytes) -> bytes:
        """What a line lets go: a comment between events itself, an empty line the event that it ends."""
        if line.startswith(b":") and not self._event:
            kept = line
        else:
            self._event.append(line)
            if line.strip(b"\r\n"):
                return b""
            kept = _without_usage(self._event)
            self._event = []
        self._held, self._removed = 0, not kept
        return kept

    def _give_up(self) -> list[bytes]:
        held = [*self._event, bytes(self._line)]
        self._given_up, self._between = True, False
        self._event, self._line = [], bytearray()
        return held


def _without_usage(event: list[bytes]) -> bytes:
    """What is left of an event, given in lines. Data that spans several passes as it is: no provider writes such."""
    data = [number for number, line in enumerate(event) if line.startswith(b"data:")]
    if len(data) == 1:
        event[data[0]] = _edited(event[data[0]])
        if not event[data[0]]:
            return b""
    return b"".join(event)


def _edited(line: bytes) -> bytes:
    """A line without its `"usage":null` if it is one of data; nothing, if it is the chunk that has the usage."""
    if not line.startswith(b"data:"):
        return line
    try:
        chunk = _read_chunk(line[5:])
        if chunk.usage is None:
            return _without_null(line)
    except _UNREADABLE:
        return line
    return b"" if chunk.usage is not UNSET and chunk.choices == [] else line


def _without_null(line: bytes) -> bytes:
    """Valid JSON after `data:`, without the member `"usage":null` that it has. Raises ValueError if it isn't UTF-8."""
    before, null, after = line.rpartition(b',"usage":null')
    # A quote inside a string is escaped, so this is a member; and the outermost object's, if one bracket closes after.
    if null and after.count(b"}") == 1 and b"]" not in after:
        return before + after
    return line[:5] + remove_member(line[5:], "usage")
