"""The end of a stream is seen however it is cut, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.gateway.terminal import TerminalWatch

STREAM = b'data: {"choices":[{"delta":{"content":"say data: [DONE]\\n\\ndata: [DONE]"}}]}\n\n'


@pytest.mark.parametrize(
    "end",
    [
        b"data: [DONE]\n\n",
        b"data:[DONE]\r\n\r\n",
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
        b'event: response.completed\ndata: {"type":"response.completed"}\n\n',
        b"event: response.failed\ndata: {}\n\n",
        b"event: done\ndata: [DONE]\n\n",
    ],
)
@given(data=st.data())
def test_any_split_finds_the_end_and_only_the_end(end: bytes, data: st.DataObject):
    stream = STREAM + end
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1))))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    watch, seen, found_at = TerminalWatch(), 0, None
    for piece in pieces:
        seen += len(piece)
        if watch.ends_with(piece):
            found_at = seen
            break
    assert found_at is not None
    assert found_at > len(STREAM)
